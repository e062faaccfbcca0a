import { expect } from "vitest";
import { z } from "zod";
import { parseJson } from "../../src/json/exact.ts";

const eventSchema = z.looseObject({ job_id: z.string(), id: z.number(), type: z.string() });

export type EventSeen = z.infer<typeof eventSchema>;

/** The events of a text/event-stream, or of its beginning. Comments, and previews, which have no id, are left out. */
export function readEvents(text: string): readonly EventSeen[] {
  return text.split("\n\n").slice(0, -1).flatMap((block) => {
    const lines = block.split("\n");
    if (!lines.some((line) => line.startsWith("id:"))) return [];
    const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice("data:".length));
    return [eventSchema.parse(parseJson(data.join("\n")))];
  });
}

const ends = new Set(["completed", "failed", "cancelled"]);

/** Fails unless the events are numbered from 1 without a hole and end, once, as said. */
export function expectWholeLog(events: readonly EventSeen[], end: "completed" | "failed" | "cancelled"): void {
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ type }) => ends.has(type)).map(({ type }) => type)).toEqual([end]);
  expect(events.at(-1)?.type).toBe(end);
}
