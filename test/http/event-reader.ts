import { z } from "zod";
import { parseJson } from "../../src/json/exact.ts";

export const eventSeen = z.looseObject({ job_id: z.string(), id: z.number(), seq: z.number(), at: z.string(), type: z.string() });
export type EventSeen = z.infer<typeof eventSeen>;

/** One block of a stream, as written: an event, a preview, a comment or the like. */
export interface Block {
  readonly fields: Readonly<Record<string, string>>;
  readonly comment: string | null;
}

function readBlock(text: string): Block {
  const lines = text.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const);
  const comment = lines.find(([name]) => name === "")?.[1] ?? null;
  return { fields: Object.fromEntries(lines.filter(([name]) => name !== "")), comment };
}

/** Reads a response of Server-Sent Events block by block. */
export async function* blocksOf(response: Response): AsyncGenerator<Block> {
  let text = "";
  for await (const chunk of (response.body ?? new ReadableStream<Uint8Array<ArrayBuffer>>()).pipeThrough(new TextDecoderStream())) {
    const whole = (text + chunk).split("\n\n");
    text = whole.pop() ?? "";
    for (const block of whole) yield readBlock(block);
  }
  if (text !== "") throw new Error(`the stream ended in the middle of a block: ${text}`);
}

/** The numbered events of a stream; each must say in all places what it is. */
export async function* eventsOf(response: Response): AsyncGenerator<EventSeen> {
  for await (const { fields } of blocksOf(response)) {
    if (fields["id"] === undefined) continue;
    const event = eventSeen.parse(parseJson(fields["data"] ?? ""));
    if (String(event.id) !== fields["id"] || event.type !== fields["event"]) throw new Error(`a block contradicts itself: ${JSON.stringify(fields)}`);
    yield event;
  }
}

export async function allEvents(response: Response): Promise<readonly EventSeen[]> {
  const events: EventSeen[] = [];
  for await (const event of eventsOf(response)) events.push(event);
  return events;
}

/** The next that fits, of a stream that goes on. */
export async function nextWhere<T>(stream: AsyncGenerator<T>, fits: (value: T) => boolean): Promise<T> {
  for (;;) {
    const next = await stream.next();
    if (next.done === true) throw new Error("the stream ended early");
    if (fits(next.value)) return next.value;
  }
}
