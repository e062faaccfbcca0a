import type { RawData, WebSocket } from "ws";
import { AppError } from "../../errors/app-error.ts";
import { followAll, followJob, type FeedItem } from "../../events/feed.ts";
import { isFinished } from "../../job/job.ts";
import type { Timer } from "../../telemetry/clock.ts";
import type { HttpDeps } from "../deps.ts";
import { findJob } from "../job-now.ts";
import { viewEvent, viewPreview } from "../views/event-view.ts";
import { allJobs, errorMessage, readMessage, type StreamMessage } from "./messages.ts";
import { Outgoing } from "./outgoing.ts";
import { startingPoint } from "./starting-point.ts";

/** Keeps proxies from dropping a silent connection, and finds out who is still there. */
const pingMs = 30_000;

/** Pings in a row that a reader may leave unanswered: it reads nothing, or has gone. */
const maxUnanswered = 2;

/** Of one socket. Who watches more jobs than these watches all. */
export const maxSubscriptions = 100;

const goingAway = 1001;
const internalError = 1011;

function viewItem(subscription: string, item: FeedItem): object {
  if (item.kind === "event") return { type: "event", subscription, event: viewEvent(item.event) };
  return { type: "preview", subscription, preview: viewPreview(item.jobId, item.preview) };
}

/** One reader on `/v1/stream`, from its first message to its last. */
export class StreamSession {
  readonly #socket: WebSocket;
  readonly #deps: HttpDeps;
  readonly #outgoing: Outgoing;
  readonly #subscriptions = new Map<string, AbortController>();
  /** Messages are handled one after the other. */
  #work: Promise<void> = Promise.resolve();
  /** Taken, and not answered yet. */
  #unanswered = 0;
  #ping: Timer | null = null;
  #unansweredPings = 0;
  readonly #goAway = (): void => this.#socket.close(goingAway, "the gateway is stopping");

  constructor(socket: WebSocket, deps: HttpDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#outgoing = new Outgoing(socket);
  }

  start(): void {
    const { stopping } = this.#deps;
    this.#socket.on("message", (data, isBinary) => this.#take(data, isBinary));
    this.#socket.on("pong", () => {
      this.#unansweredPings = 0;
    });
    this.#socket.on("close", () => this.#end());
    // A frame that breaks the protocol, or a connection that broke: the socket closes right after.
    this.#socket.on("error", (error) => this.#deps.logger.debug({ err: error }, "a stream broke"));
    stopping?.addEventListener("abort", this.#goAway);
    if (stopping?.aborted === true) this.#goAway();
    this.#schedulePing();
  }

  #end(): void {
    this.#ping?.cancel();
    this.#deps.stopping?.removeEventListener("abort", this.#goAway);
    for (const subscription of this.#subscriptions.values()) subscription.abort();
    this.#subscriptions.clear();
  }

  #schedulePing(): void {
    this.#ping = this.#deps.clock.after(pingMs, () => {
      if (this.#unansweredPings >= maxUnanswered) {
        this.#socket.terminate();
        return;
      }
      this.#unansweredPings += 1;
      this.#socket.ping();
      this.#schedulePing();
    });
  }

  /** Nothing more is read of a reader until it has its answer: who asks and does not listen fills no memory. */
  #take(data: RawData, isBinary: boolean): void {
    this.#socket.pause();
    this.#unanswered += 1;
    this.#work = this.#work.then(() => this.#answer(data, isBinary));
  }

  async #answer(data: RawData, isBinary: boolean): Promise<void> {
    await this.#follow(data, isBinary);
    this.#unanswered -= 1;
    // Those that came in one piece with it are still to be answered.
    if (this.#unanswered === 0) this.#socket.resume();
  }

  async #follow(data: RawData, isBinary: boolean): Promise<void> {
    let of: string | undefined;
    try {
      const message = readMessage(data, isBinary);
      of = message.job_id;
      await (message.type === "subscribe" ? this.#subscribe(message) : this.#unsubscribe(message.job_id));
    } catch (error) {
      const known = AppError.from(error);
      if (known.kind.status >= 500) this.#deps.logger.error({ err: known }, "a message on a stream could not be answered");
      await this.#outgoing.send(errorMessage(known, of));
    }
  }

  async #subscribe({ job_id: jobId, after }: StreamMessage & { readonly type: "subscribe" }): Promise<void> {
    if (this.#subscriptions.size >= maxSubscriptions && !this.#subscriptions.has(jobId)) {
      throw new AppError("invalid_message", `A connection takes at most ${maxSubscriptions} subscriptions. Unsubscribe from some, or subscribe to "*".`);
    }
    const subscription = new AbortController();
    const { signal } = subscription;
    const { from, items } = jobId === allJobs ? await this.#allFrom(after, signal) : await this.#jobFrom(jobId, after ?? 0, signal);
    this.#subscriptions.get(jobId)?.abort();
    this.#subscriptions.set(jobId, subscription);
    await this.#outgoing.send({ type: "subscribed", job_id: jobId, after: from });
    void this.#tell(jobId, items, subscription);
  }

  async #jobFrom(jobId: string, after: number, signal: AbortSignal): Promise<{ from: number; items: AsyncIterable<FeedItem> }> {
    const job = await findJob(this.#deps, jobId);
    const { afterId, hasMore } = await startingPoint(this.#deps.jobs, jobId, after);
    const items = hasMore || !isFinished(job.status) ? followJob(this.#deps, { jobId, afterId, signal }) : nothing();
    return { from: afterId, items };
  }

  async #allFrom(after: number | undefined, signal: AbortSignal): Promise<{ from: number; items: AsyncIterable<FeedItem> }> {
    const last = await this.#deps.jobs.lastEventSeq();
    const afterSeq = after ?? last;
    if (afterSeq > last) throw new AppError("invalid_message", `There is no event ${afterSeq} yet; the last is ${last}.`);
    return { from: afterSeq, items: followAll(this.#deps, { afterSeq, signal }) };
  }

  async #unsubscribe(jobId: string): Promise<void> {
    const subscription = this.#subscriptions.get(jobId);
    if (subscription === undefined) throw new AppError("invalid_message", "There is no such subscription on this connection.");
    subscription.abort();
    this.#subscriptions.delete(jobId);
    await this.#outgoing.send({ type: "unsubscribed", job_id: jobId });
  }

  /** Sends what a subscription yields until it is over. */
  async #tell(jobId: string, items: AsyncIterable<FeedItem>, { signal }: AbortController): Promise<void> {
    try {
      for await (const item of items) {
        if (signal.aborted) return;
        await this.#outgoing.send(viewItem(jobId, item));
      }
      if (signal.aborted) return;
      this.#subscriptions.delete(jobId);
      await this.#outgoing.send({ type: "unsubscribed", job_id: jobId });
    } catch (error) {
      this.#deps.logger.error({ err: AppError.from(error) }, "a stream of events ended early");
      this.#socket.close(internalError, "the gateway failed");
    }
  }
}

async function* nothing(): AsyncGenerator<FeedItem> {}
