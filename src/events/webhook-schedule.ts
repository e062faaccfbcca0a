import type { WebhookState } from "../job/webhook-outbox.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * Before each further try. A receiver that restarts is met within a minute, one that is down overnight in the
 * morning: sixteen hours in all.
 */
const delaysMs: readonly number[] = [5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour];

/** A receiver may ask for a later try, but not for one that nobody would wait for. */
const maxDelayMs = 24 * hour;

/** Shares of the delay by which it is stretched, so that a receiver that was down does not meet all at once. */
const jitterShare = 0.2;

/** What a receiver answered. */
export interface PostAnswer {
  /** null when there was no answer. */
  readonly statusCode: number | null;
  /** Its `Retry-After` header: seconds, or a date. */
  readonly retryAfter: string | null;
  /** Why there was no answer, in words for the job's owner. */
  readonly error: string | null;
}

export interface Outcome {
  readonly error: string | null;
  readonly next: { readonly state: "pending"; readonly dueAt: number } | { readonly state: Exclude<WebhookState, "pending"> };
}

interface Try {
  /** Tries before this one. */
  readonly earlier: number;
  readonly nowMs: number;
  /** 0 to 1. */
  readonly jitter: number;
}

/** What becomes of a message after a try. */
export function outcomeOf({ statusCode, retryAfter, error }: PostAnswer, { earlier, nowMs, jitter }: Try): Outcome {
  if (statusCode !== null && statusCode >= 200 && statusCode < 300) return { error: null, next: { state: "delivered" } };
  if (statusCode === 410) return { error: "The receiver answered 410: it wants no more.", next: { state: "gone" } };
  const why = error ?? `The receiver answered ${statusCode}.`;
  const delayMs = delaysMs[earlier];
  if (delayMs === undefined) return { error: why, next: { state: "exhausted" } };
  const jittered = Math.round(delayMs * (1 + jitterShare * jitter));
  return { error: why, next: { state: "pending", dueAt: nowMs + Math.max(jittered, wishedDelayMs(retryAfter, nowMs)) } };
}

/** RFC 9110 §10.2.3; 0 for what is not one. */
function wishedDelayMs(retryAfter: string | null, nowMs: number): number {
  if (retryAfter === null) return 0;
  const wished = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * second : Date.parse(retryAfter) - nowMs;
  return Number.isNaN(wished) ? 0 : Math.min(Math.max(0, wished), maxDelayMs);
}
