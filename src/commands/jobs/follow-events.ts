import { z } from "zod";
import { parseJson } from "../../json/exact.ts";
import type { Clock } from "../../telemetry/clock.ts";
import { EventStreamParser, type StreamMessage } from "./event-stream.ts";
import { GatewayRefusal, GatewayUnreachable } from "./gateway-client.ts";
import { pause } from "./pause.ts";

/** The gateway sends a comment every 15 s: after four that did not come, the connection is dead though nobody said so. */
const silenceMs = 60_000;
const firstRetryMs = 500;
const lastRetryMs = 10_000;

const eventSchema = z.looseObject({ job_id: z.string(), id: z.number(), at: z.string(), type: z.string() });

/** An event of a job's log with all that it carries. */
export type EventSeen = z.infer<typeof eventSchema>;

export interface FollowEvents {
  readonly open: (lastEventId: string, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
  readonly clock: Clock;
  /** Ends the following, quietly. */
  readonly signal: AbortSignal;
  /** The connection broke, or could not be made again; it is tried until it holds. */
  readonly onLost: (reason: string) => void;
}

export function isTerminal(type: string): boolean {
  return type === "completed" || type === "failed" || type === "cancelled";
}

/**
 * The events of one job from the first to its end, each once, through as many connections as it takes. The first connection
 * must succeed.
 *
 * @throws {GatewayRefusal | GatewayUnreachable} when the gateway refuses, or was never there
 */
export async function* followEvents(params: FollowEvents): AsyncGenerator<EventSeen, void> {
  const { clock, signal, onLost } = params;
  let last = "";
  let isFirst = true;
  let retryMs = firstRetryMs;
  while (!signal.aborted) {
    const connection = new Connection(params);
    try {
      for await (const { event, lastId } of connection.messages(last)) {
        retryMs = firstRetryMs;
        if (Number(lastId) <= Number(last)) continue;
        last = lastId;
        yield event;
        if (isTerminal(event.type)) return;
      }
      onLost("the gateway ended the connection");
    } catch (error) {
      if (signal.aborted) return;
      if ((isFirst && !connection.opened) || !mayPass(error)) throw error;
      onLost(error instanceof Error ? error.message : String(error));
    } finally {
      connection.close();
    }
    isFirst = false;
    await pause(clock, retryMs, signal);
    retryMs = Math.min(lastRetryMs, retryMs * 2);
  }
}

/** A gateway that restarts refuses for a while, as it does who has asked too often; one that does not know the job never will. */
function mayPass(error: unknown): boolean {
  return error instanceof GatewayUnreachable || (error instanceof GatewayRefusal && (error.status >= 500 || error.status === 429));
}

class Connection {
  readonly #params: FollowEvents;
  readonly #silent = new AbortController();
  #opened = false;

  constructor(params: FollowEvents) {
    this.#params = params;
  }

  get opened(): boolean {
    return this.#opened;
  }

  /** Previews, which have no id, are left out. */
  async *messages(lastEventId: string): AsyncGenerator<{ readonly event: EventSeen; readonly lastId: string }, void> {
    const { open, clock } = this.#params;
    const parser = new EventStreamParser();
    let timer = clock.after(silenceMs, () => this.close());
    try {
      const reader = (await open(lastEventId, AbortSignal.any([this.#silent.signal, this.#params.signal]))).getReader();
      this.#opened = true;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        timer.cancel();
        timer = clock.after(silenceMs, () => this.close());
        for (const message of parser.push(value)) if (message.hasId) yield { event: readEvent(message), lastId: message.lastId };
      }
    } catch (cause) {
      if (cause instanceof GatewayRefusal || cause instanceof GatewayUnreachable || cause instanceof RangeError) throw cause;
      throw new GatewayUnreachable(this.#silent.signal.aborted ? "the gateway has gone silent" : "the connection broke", { cause });
    } finally {
      timer.cancel();
    }
  }

  close(): void {
    this.#silent.abort();
  }
}

function readEvent({ data }: StreamMessage): EventSeen {
  let parsed: unknown;
  try {
    parsed = parseJson(data);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const event = eventSchema.safeParse(parsed);
  if (!event.success) throw new GatewayRefusal(200, "The gateway sent an event that this version of comfyui-api does not understand.");
  return event.data;
}
