type Listener = () => void;

/**
 * Tells whoever waits that a job has changed. It carries no state: a listener reads the job from the store, so a
 * missed or doubled call does no harm.
 */
export class JobHub {
  readonly #ofJob = new Map<string, Set<Listener>>();
  readonly #ofQueue = new Set<Listener>();

  /** After each durable change of a job. */
  changed(jobId: string): void {
    for (const listener of [...(this.#ofJob.get(jobId) ?? [])]) listener();
  }

  /** After a job has entered the queue, or gone back to it. */
  queued(): void {
    for (const listener of [...this.#ofQueue]) listener();
  }

  /** @returns a function that ends the subscription */
  onChange(jobId: string, listener: Listener): () => void {
    const listeners = this.#ofJob.get(jobId) ?? new Set();
    this.#ofJob.set(jobId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#ofJob.get(jobId) === listeners) this.#ofJob.delete(jobId);
    };
  }

  /** @returns a function that ends the subscription */
  onQueued(listener: Listener): () => void {
    this.#ofQueue.add(listener);
    return () => this.#ofQueue.delete(listener);
  }

  /** Subscriptions that have not ended, for leak checks. */
  get size(): number {
    return [...this.#ofJob.values()].reduce((sum, listeners) => sum + listeners.size, this.#ofQueue.size);
  }
}
