import { followJob, type FeedItem } from "../../events/feed.ts";
import { stringifyJson } from "../../json/exact.ts";
import type { Timer } from "../../telemetry/clock.ts";
import type { HttpDeps } from "../deps.ts";
import { bindingsOf, type HttpContext } from "../route.ts";
import { viewEvent, viewPreview } from "../views/event-view.ts";

/** Proxies drop a connection that is silent for half a minute or a minute. */
const heartbeatMs = 15_000;

/** A reader that takes nothing for so long has gone, or may come back with Last-Event-ID. */
const maxBlockedMs = 60_000;

/** What a browser waits before it connects again: long enough for a restart to be over at the first or second try. */
const reconnectMs = 2_000;

export interface EventsFrom {
  readonly jobId: string;
  /** An event that the job has; 0 for all. */
  readonly afterId: number;
}

/**
 * The events of a job as Server-Sent Events (HTML, §9.2): those of the past, then each as it happens, until the last.
 * Nothing is read for a reader that does not take it.
 */
export function eventStream(c: HttpContext, deps: HttpDeps, from: EventsFrom, headers: Readonly<Record<string, string>> = {}): Response {
  const answer = { headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", ...headers } };
  if (c.req.raw.method === "HEAD") return new Response(null, answer);
  const cutOff = (): void => {
    bindingsOf(c).outgoing?.destroy();
  };
  // Without a queue of its own, the stream asks for more exactly when the socket has room.
  return new Response(new ReadableStream(new EventBytes(deps, from, cutOff), { highWaterMark: 0 }), answer);
}

function written(item: FeedItem): string {
  if (item.kind === "preview") return `event: preview\ndata: ${stringifyJson(viewPreview(item.jobId, item.preview))}\n\n`;
  const { id, type } = item.event;
  return `id: ${id}\nevent: ${type}\ndata: ${stringifyJson(viewEvent(item.event))}\n\n`;
}

type Silence = "silence";

/** Where the stream's bytes come from. Begins with the first read, and leaves nothing behind however it ends. */
class EventBytes {
  readonly #deps: HttpDeps;
  readonly #from: EventsFrom;
  readonly #cutOff: () => void;
  readonly #stop = new AbortController();
  readonly #end = (): void => this.#stop.abort();
  #feed: AsyncGenerator<FeedItem, void> | null = null;
  #next: Promise<IteratorResult<FeedItem, void>> | null = null;
  #blocked: Timer | null = null;
  #isOver = false;

  constructor(deps: HttpDeps, from: EventsFrom, cutOff: () => void) {
    this.#deps = deps;
    this.#from = from;
    this.#cutOff = cutOff;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#blocked?.cancel();
    const text = await this.#read();
    if (this.#isOver) return;
    if (text === null) {
      this.#finish();
      controller.close();
      return;
    }
    controller.enqueue(Buffer.from(text));
    this.#blocked = this.#deps.clock.after(maxBlockedMs, () => {
      this.#finish();
      this.#cutOff();
    });
  }

  cancel(): void {
    this.#finish();
  }

  /** null after the last. A store that fails ends the stream: its reader comes back with the id of what it had. */
  async #read(): Promise<string | null> {
    if (this.#feed === null) {
      this.#deps.stopping?.addEventListener("abort", this.#end);
      if (this.#deps.stopping?.aborted === true) this.#end();
      this.#feed = followJob(this.#deps, { ...this.#from, signal: this.#stop.signal });
      return `retry: ${reconnectMs}\n\n`;
    }
    try {
      this.#next ??= this.#feed.next();
      const result = await this.#orSilence(this.#next);
      if (result === "silence") return ": still here\n\n";
      this.#next = null;
      return result.done === true ? null : written(result.value);
    } catch (error) {
      if (!this.#isOver) this.#deps.logger.error({ job_id: this.#from.jobId, err: error }, "a stream of events ended early");
      return null;
    }
  }

  async #orSilence<T>(work: Promise<T>): Promise<T | Silence> {
    const { promise, resolve } = Promise.withResolvers<Silence>();
    const timer = this.#deps.clock.after(heartbeatMs, () => resolve("silence"));
    try {
      return await Promise.race([work, promise]);
    } finally {
      timer.cancel();
    }
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#blocked?.cancel();
    this.#deps.stopping?.removeEventListener("abort", this.#end);
    this.#end();
    // What is still being read ends by itself; a failure of it has no reader any more.
    this.#feed?.return().catch(() => undefined);
  }
}
