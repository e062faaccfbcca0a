import type { RouteConfig, z } from "@hono/zod-openapi";
import { errorTable, type ErrorCode } from "../errors/table.ts";
import { ProblemSchema } from "./views/problem-view.ts";

type Responses = RouteConfig["responses"];

/** A JSON answer of an operation. */
export function json(description: string, schema: z.ZodType): Responses[string] {
  return { description, content: { "application/json": { schema } } };
}

/** Every operation can meet a bug. */
const always: readonly ErrorCode[] = ["internal"];

/** Codes by HTTP status, with their titles as description. */
export function statusesOf(codes: readonly ErrorCode[]): ReadonlyMap<number, string> {
  const byStatus = Map.groupBy(new Set([...codes, ...always]), (code) => errorTable[code].status);
  return new Map([...byStatus].sort(([a], [b]) => a - b).map(([status, same]) => [status, same.map((code) => `\`${code}\`: ${errorTable[code].title}`).join("; ")]));
}

/** The errors an operation can answer with. */
export function problems(...codes: readonly ErrorCode[]): Responses {
  return Object.fromEntries(
    [...statusesOf(codes)].map(([status, description]) => [status, { description, content: { "application/problem+json": { schema: ProblemSchema } } }]),
  );
}
