import { AppError } from "../errors/app-error.ts";
import { postRefusal } from "../files/post-url.ts";
import type { Priority } from "../job/job.ts";
import { readAccept, type Wanted } from "./accept.ts";
import type { HttpLimits } from "./deps.ts";
import { readWaitChoice, type WaitChoice } from "./prefer.ts";
import { plainRun, readQuery, runQuery } from "./query.ts";
import type { HttpContext } from "./route.ts";

/** What a run is made with, and how its caller wants it to be answered. */
export interface RunOptions {
  readonly priority: Priority;
  readonly startTimeoutMs: number | null;
  readonly runTimeoutMs: number | null;
  readonly webhookUrl: string | null;
  readonly idempotencyKey: string | null;
  readonly outputs: "url" | "inline";
  readonly wait: WaitChoice;
  readonly wanted: Wanted;
}

/** Visible ASCII: what every client can put into a header, and a log can show. */
const keyPattern = /^[\x21-\x7e]{1,255}$/;

function readIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined || keyPattern.test(header)) return header ?? null;
  throw new AppError("invalid_query", "The header Idempotency-Key takes 1 to 255 visible ASCII characters, such as a UUID.");
}

function readWebhook(text: string | undefined, allowPrivateAddresses: boolean): string | null {
  if (text === undefined) return null;
  const url = URL.parse(text);
  if (url === null) throw new AppError("invalid_query", "The query parameter “webhook” is no URL. Give a whole one, percent-encoded.");
  const refusal = postRefusal(url, allowPrivateAddresses);
  if (refusal !== null) throw new AppError("address_not_allowed", `The query parameter “webhook” is refused: ${refusal}`);
  return url.href;
}

/** null for no limit. */
function timeoutMs(given: number | undefined, byDefault: number): number | null {
  const seconds = given ?? byDefault;
  return seconds === 0 ? null : seconds * 1000;
}

/**
 * Read before the body, so that a request with a wrong option costs nothing.
 *
 * @throws {AppError} `invalid_query`, `address_not_allowed`
 */
export function readRunOptions(c: HttpContext, limits: HttpLimits): RunOptions {
  const { priority, outputs, start_timeout: start, run_timeout: run, webhook } = c.req.url.includes("?") ? readQuery(c, runQuery) : plainRun;
  return {
    priority,
    outputs,
    startTimeoutMs: timeoutMs(start, limits.startTimeoutSeconds),
    runTimeoutMs: timeoutMs(run, limits.runTimeoutSeconds),
    webhookUrl: readWebhook(webhook, limits.allowPrivateAddresses),
    idempotencyKey: readIdempotencyKey(c.req.header("Idempotency-Key")),
    wait: readWaitChoice(c.req.header("Prefer"), limits.waitSeconds),
    wanted: readAccept(c.req.header("Accept")),
  };
}
