import type { JobOutput } from "../job/job.ts";

type Listener = () => void;

/**
 * @param outputs of a job that has completed: for who wants no more of it, it need not be read. null for any other end, and
 * for what may be none.
 */
type EndListener = (outputs: readonly JobOutput[] | null) => void;

/** The newest picture of a job under way. */
export interface JobPreview {
  readonly nodeId: string | null;
  readonly contentType: string;
  readonly image: Uint8Array;
  /** Grows with each preview of the process: tells a reader whether it has seen this one. */
  readonly number: number;
}

/** One subscription; the same function may be in several. */
interface Entry<Told> {
  readonly call: (told: Told) => void;
}

/** Listeners by key; a key without listeners takes no room. Lists are never changed: most have one listener, and who is told may subscribe. */
class Channel<Told = void> {
  readonly #byKey = new Map<string, readonly Entry<Told>[]>();

  emit(key: string, told: Told): void {
    for (const listener of this.#byKey.get(key) ?? []) listener.call(told);
  }

  /** @returns a function that ends the subscription */
  on(key: string, call: (told: Told) => void): () => void {
    const entry = { call };
    const before = this.#byKey.get(key);
    this.#byKey.set(key, before === undefined ? [entry] : [...before, entry]);
    return () => {
      const left = this.#byKey.get(key)?.filter((each) => each !== entry) ?? [];
      if (left.length === 0) this.#byKey.delete(key);
      else this.#byKey.set(key, left);
    };
  }

  get size(): number {
    return [...this.#byKey.values()].reduce((sum, listeners) => sum + listeners.length, 0);
  }
}

/**
 * Tells whoever waits that a job has changed. It carries no state but previews, and the outputs that a job ended with: a
 * listener reads the job and its events from the store, so a missed or doubled call does no harm.
 */
export class JobHub {
  readonly #changes = new Channel();
  readonly #ends = new Channel<readonly JobOutput[] | null>();
  readonly #cancels = new Channel();
  /** All jobs have one key in these. */
  readonly #any = new Channel();
  readonly #anyEnd = new Channel();
  readonly #arrivals = new Channel<() => void>();
  readonly #queue = new Channel();
  readonly #moves = new Channel();
  readonly #previews = new Map<string, JobPreview>();
  #previewNumber = 0;

  /** After each durable change of a job. */
  changed(jobId: string): void {
    this.#changes.emit(jobId);
    this.#any.emit("");
  }

  /**
   * Instead of `changed`, after a change with which the job may have ended, or that has its message sent again.
   *
   * @param outputs when it has completed with them
   */
  ended(jobId: string, outputs: readonly JobOutput[] | null = null): void {
    this.changed(jobId);
    this.#ends.emit(jobId, outputs);
    this.#anyEnd.emit("");
  }

  /**
   * While a job is about to enter the queue: its insert has been asked for, and not been answered. A claim asked for now
   * comes after it, and in the same transaction; it finds nothing when the job is not taken in.
   *
   * @returns whether one was asked for: then `queued` has nothing to add, and `queueMoved` is enough once the job is in
   */
  arriving(): boolean {
    let isClaimed = false;
    this.#arrivals.emit("", () => {
      isClaimed = true;
    });
    return isClaimed;
  }

  /** After a job has entered the queue that no claim was asked for, or gone back to it. Others may have moved with that. */
  queued(): void {
    this.#queue.emit("");
    this.queueMoved();
  }

  /** After a job has left the queue: those behind it have `position` events that no `changed` tells of. */
  queueMoved(): void {
    this.#moves.emit("");
  }

  /** After somebody has asked to cancel a job that is in the hands of the runner. */
  cancelRequested(jobId: string): void {
    this.#cancels.emit(jobId);
  }

  /** Previews are never stored: only the last one of a job is kept, here, until the job leaves the runner. */
  preview(jobId: string, preview: Omit<JobPreview, "number">): void {
    this.#previewNumber += 1;
    this.#previews.set(jobId, { ...preview, number: this.#previewNumber });
    this.changed(jobId);
  }

  lastPreview(jobId: string): JobPreview | undefined {
    return this.#previews.get(jobId);
  }

  dropPreview(jobId: string): void {
    this.#previews.delete(jobId);
  }

  onChange(jobId: string, listener: Listener): () => void {
    return this.#changes.on(jobId, listener);
  }

  /** Cheaper than `onChange` for who needs to know only that: most changes of a job are progress. */
  onEnd(jobId: string, listener: EndListener): () => void {
    return this.#ends.on(jobId, listener);
  }

  onAnyEnd(listener: Listener): () => void {
    return this.#anyEnd.on("", listener);
  }

  onAnyChange(listener: Listener): () => void {
    return this.#any.on("", listener);
  }

  /** @param listener is given what to call when it asks for a claim */
  onArriving(listener: (claims: () => void) => void): () => void {
    return this.#arrivals.on("", listener);
  }

  onQueued(listener: Listener): () => void {
    return this.#queue.on("", listener);
  }

  onQueueMoved(listener: Listener): () => void {
    return this.#moves.on("", listener);
  }

  onCancelRequested(jobId: string, listener: Listener): () => void {
    return this.#cancels.on(jobId, listener);
  }

  /** Subscriptions that have not ended, for leak checks. */
  get size(): number {
    return [this.#changes, this.#ends, this.#cancels, this.#any, this.#anyEnd, this.#arrivals, this.#queue, this.#moves].reduce((sum, channel) => sum + channel.size, 0);
  }
}
