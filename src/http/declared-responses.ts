import type { RouteConfig, z } from "@hono/zod-openapi";
import { errorTable, type ErrorCode } from "../errors/table.ts";
import { ProblemSchema } from "./views/problem-view.ts";

type Responses = RouteConfig["responses"];

/** A JSON answer of an operation. */
export function json(description: string, schema: z.ZodType): Responses[string] {
  return { description, content: { "application/json": { schema } } };
}

/** Every operation can meet a bug, and every one can be closed to those without a key, and to pages of other sites. */
const always: readonly ErrorCode[] = ["unauthorized", "not_permitted", "host_not_allowed", "origin_not_allowed", "rate_limited", "internal"];

/** These say when to try again. */
const temporary: ReadonlySet<ErrorCode> = new Set(["queue_full", "rate_limited", "shutting_down"]);

const retryAfter = { headers: { "Retry-After": { description: "Whole seconds", schema: { type: "integer" } } } } as const;

/** What is declared of each HTTP status that one of the codes has: the titles of its codes, and headers. */
export function statusesOf(codes: readonly ErrorCode[]): ReadonlyMap<number, { readonly description: string } & Partial<typeof retryAfter>> {
  const byStatus = Map.groupBy(new Set([...codes, ...always]), (code) => errorTable[code].status);
  return new Map(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, same]) => {
        const description = same.map((code) => `\`${code}\`: ${errorTable[code].title}`).join("; ");
        return [status, { description, ...(same.some((code) => temporary.has(code)) ? retryAfter : {}) }];
      }),
  );
}

/** The errors an operation can answer with. */
export function problems(...codes: readonly ErrorCode[]): Responses {
  return Object.fromEntries(
    [...statusesOf(codes)].map(([status, declared]) => [status, { ...declared, content: { "application/problem+json": { schema: ProblemSchema } } }]),
  );
}
