import { describe, expect, it } from "vitest";
import { outcomeOf } from "./webhook-schedule.ts";

const nowMs = Date.parse("2026-01-01T00:00:00Z");
const answered = (statusCode: number | null, retryAfter: string | null = null) => ({ statusCode, retryAfter, error: statusCode === null ? "It is not there." : null });
const first = { earlier: 0, nowMs, jitter: 0 };

/** Milliseconds to the next try; the state when there is none. */
function delay(...parameters: Parameters<typeof outcomeOf>): number | string {
  const { next } = outcomeOf(...parameters);
  return next.state === "pending" ? next.dueAt - nowMs : next.state;
}

describe("a webhook", () => {
  it.each([200, 201, 202, 204, 299])("that is answered %i is delivered", (status) => {
    expect(outcomeOf(answered(status), first)).toEqual({ error: null, next: { state: "delivered" } });
  });

  it("that is answered 410 is sent no more", () => {
    expect(outcomeOf(answered(410), first)).toMatchObject({ error: expect.stringContaining("410"), next: { state: "gone" } });
  });

  it.each([199, 301, 302, 308, 400, 401, 404, 429, 500, 503, null])("that is answered %s is tried again", (status) => {
    expect(outcomeOf(answered(status), first)).toMatchObject({ error: expect.any(String), next: { state: "pending" } });
  });

  it("is tried again after ever longer times, for more than half a day and less than a day, and then given up", () => {
    const delays: (number | string)[] = [];
    for (let earlier = 0; delays.at(-1) !== "exhausted"; earlier += 1) delays.push(delay(answered(500), { ...first, earlier }));
    const times = delays.filter((each) => typeof each === "number");
    expect(times).toHaveLength(delays.length - 1);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const hours = times.reduce((sum, each) => sum + each, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(12);
    expect(hours).toBeLessThan(24);
  });

  it("is stretched by the jitter, never shortened", () => {
    expect(delay(answered(500), { ...first, jitter: 1 })).toBe(6_000);
    expect(delay(answered(500), { ...first, jitter: 0 })).toBe(5_000);
  });

  it.each([
    ["120", 120_000],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["1", 5_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 5_000],
    ["soon", 5_000],
    ["-5", 5_000],
    ["999999999", 86_400_000],
  ])("whose receiver says Retry-After: %s comes again after %i ms", (retryAfter, expected) => {
    expect(delay(answered(503, retryAfter), first)).toBe(expected);
  });
});
