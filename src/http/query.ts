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

/** Longer than any job is worth waiting for: a month. */
const longestStartSeconds = 30 * 86_400;

/** A week: a graph that runs longer is stuck. */
const longestRunSeconds = 7 * 86_400;

/** A URL that is longer gets lost in proxies and logs. */
const maxUrlLength = 2048;

export const runQuery = z.strictObject({
  outputs: outputsQuery,
  priority: z.enum(priorities).default("normal").openapi({ description: "Jobs of a higher priority run first" }),
  start_timeout: z.coerce.number().int().min(0).max(longestStartSeconds).optional().openapi({
    description: "Seconds after which a job that has not begun to run fails with `start_timeout`; 0 lets it wait. Without it the gateway's own setting counts",
  }),
  run_timeout: z.coerce.number().int().min(0).max(longestRunSeconds).optional().openapi({
    description: "Seconds after which a job that runs is stopped and fails with `run_timeout`; 0 sets no limit. Without it the gateway's own setting counts",
  }),
  webhook: z.string().max(maxUrlLength).optional().openapi({
    description: "`https:` URL that is told when the job is finished, after the Standard Webhooks specification; the body's `data` is the job",
    example: "https://example.com/hooks/comfyui",
  }),
});

/** What a run without a query gets: nearly every one. */
export const plainRun: z.infer<typeof runQuery> = { outputs: "url", priority: "normal" };

export const noQuery = z.strictObject({});

/**
 * Checks the query parameters of a request.
 *
 * @throws {AppError} `invalid_query`, naming the first parameter that is unknown, doubled, empty or not allowed
 */
export function readQuery<T>(c: HttpContext, schema: z.ZodType<T> & { readonly shape: object }): T {
  const values = c.req.url.includes("?") ? c.req.queries() : {};
  for (const [name, given] of Object.entries(values)) {
    if (!Object.hasOwn(schema.shape, name)) throw new AppError("invalid_query", unknown(name, Object.keys(schema.shape)));
    if (given.includes("")) throw new AppError("invalid_query", `The query parameter “${name}” is empty; leave it out or give it a value.`);
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
