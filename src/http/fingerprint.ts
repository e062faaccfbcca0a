import { createHash } from "node:crypto";
import { stringifyJson } from "../json/exact.ts";
import type { RunOptions } from "./run-options.ts";

/** The same value with the members of each object in one order: `{a, b}` and `{b, a}` are the same request. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}

/** What of the options makes it another job. How the answer is wanted does not: who asks again may wait in another way. */
export type FingerprintedOptions = Pick<RunOptions, "priority" | "startTimeoutMs" | "runTimeoutMs" | "webhookUrl">;

/**
 * Tells whether two requests with the same idempotency key are the same: SHA-256 in hex.
 *
 * @param workflow null for a raw graph
 * @param body as it was sent, before defaults and seeds; files of a form by their hash
 */
export function fingerprintOf(workflow: string | null, body: unknown, options: FingerprintedOptions): string {
  const { priority, startTimeoutMs, runTimeoutMs, webhookUrl } = options;
  const text = stringifyJson({ workflow, body: sorted(body), options: { priority, startTimeoutMs, runTimeoutMs, webhookUrl } });
  return createHash("sha256").update(text).digest("hex");
}
