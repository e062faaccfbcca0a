import type { Priority } from "../job/job.ts";
import { readAccept, type Wanted } from "./accept.ts";
import type { HttpLimits } from "./deps.ts";
import { readWaitChoice, type WaitChoice } from "./prefer.ts";
import { readQuery, runQuery } from "./query.ts";
import type { HttpContext } from "./route.ts";

/** How a caller wants a run to be answered. */
export interface RunOptions {
  readonly priority: Priority;
  readonly outputs: "url" | "inline";
  readonly wait: WaitChoice;
  readonly wanted: Wanted;
}

/**
 * Read before the body, so that a request with a wrong option costs nothing.
 *
 * @throws {AppError} `invalid_query`
 */
export function readRunOptions(c: HttpContext, { waitSeconds }: HttpLimits): RunOptions {
  return {
    ...readQuery(c, runQuery),
    wait: readWaitChoice(c.req.header("Prefer"), waitSeconds),
    wanted: readAccept(c.req.header("Accept")),
  };
}
