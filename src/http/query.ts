import { z } from "@hono/zod-openapi";
import { AppError } from "../errors/app-error.ts";
import { priorities } from "../job/job.ts";
import type { HttpContext } from "./route.ts";

/** Rows of one page: 200 jobs with their graphs' inputs stay below a few megabytes. */
const limit = z.coerce.number().int().min(1).max(200).default(50).openapi({ description: "Entries on one page" });

export const pageQuery = {
  limit,
  cursor: z.string().min(1).optional().openapi({ description: "The `next_cursor` of the page before" }),
};

export const outputsQuery = z.enum(["url", "inline"]).default("url").openapi({
  description: "`inline` puts each output into the job as base64 `data`, as long as all together stay below the gateway's limit; the others keep their `url` only",
});

export const runQuery = z.strictObject({
  outputs: outputsQuery,
  priority: z.enum(priorities).default("normal").openapi({ description: "Jobs of a higher priority run first" }),
});

export const noQuery = z.strictObject({});

/**
 * Checks the query parameters of a request.
 *
 * @throws {AppError} `invalid_query`, naming the first parameter that is unknown, doubled or not allowed
 */
export function readQuery<T>(c: HttpContext, schema: z.ZodType<T> & { readonly shape: object }): T {
  const values = c.req.queries();
  for (const [name, given] of Object.entries(values)) {
    if (!Object.hasOwn(schema.shape, name)) throw new AppError("invalid_query", unknown(name, Object.keys(schema.shape)));
    if (given.length > 1) throw new AppError("invalid_query", `The query parameter “${name}” is given ${given.length} times; give it once.`);
  }
  const parsed = schema.safeParse(Object.fromEntries(Object.entries(values).map(([name, [value]]) => [name, value])));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError("invalid_query", `The query parameter “${String(issue?.path[0])}” is not valid: ${issue?.message ?? "not allowed"}.`);
}

function unknown(name: string, known: readonly string[]): string {
  const choice = known.length === 0 ? "This path takes none." : `This path takes: ${known.join(", ")}.`;
  return `There is no query parameter “${name.slice(0, 100)}” here. ${choice}`;
}
