/** A service that asks for longer than this is not waited for at a terminal. */
const maxWaitMs = 60_000;
const firstWaitMs = 1_000;

/** The `Retry-After` header, seconds or a date, in milliseconds from `now`; null when there is none. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  if (header.trim() !== "" && Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/**
 * How long to wait before the next try, or null to give up.
 *
 * @param tries made so far, from 1
 * @param asked by the service; null: it did not say
 */
export function waitBefore(tries: number, asked: number | null): number | null {
  if (asked !== null) return asked > maxWaitMs ? null : asked;
  return firstWaitMs * 2 ** (tries - 1);
}
