import { stringifyJson } from "../json/exact.ts";
import type { Job } from "../job/job.ts";
import type { JobStore } from "../job/job-store.ts";
import type { ClaimedWebhook } from "../job/webhook-outbox.ts";
import type { JobHub } from "./job-hub.ts";
import { outcomeOf, type Outcome, type PostAnswer } from "./webhook-schedule.ts";
import { signedHeaders } from "./webhook-signature.ts";

/** A receiver has this long to answer (Standard Webhooks: 15 to 30 s). Who needs longer answers first and works later. */
const timeoutMs = 15_000;

/** A message that was claimed by a process that died is sent again after this: a little more than a try can take. */
const leaseMs = 20_000;

/** At once. Each is a socket that mostly waits; more would only help when receivers are slow, at the cost of theirs. */
const maxUnderWay = 8;

/** The store is looked at at least this often, should a timer or a call of the hub go missing. */
const maxPauseMs = 30_000;

/** After a failure of the store. */
const storePauseMs = 5_000;

export interface WebhookPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface WebhookSenderParams {
  readonly jobs: Pick<JobStore, "claimWebhook" | "recordDelivery" | "nextWebhookDue" | "get">;
  readonly hub: JobHub;
  /** `whsec_` and base64. */
  readonly secret: string;
  /** The job as its receiver sees it: as `GET /v1/jobs/{id}` shows it. */
  readonly render: (job: Job) => object;
  /** Sends, and never rejects for what a receiver or the network did. */
  readonly post: (request: WebhookPost) => Promise<PostAnswer>;
  readonly clock: { now(): number; after(delayMs: number, run: () => void): { cancel(): void } };
  /** A number from 0 to 1, another each time. */
  readonly jitter: () => number;
  /** Told at each place where a death of the process is tested. */
  readonly checkpoint: (place: "webhook-claimed" | "webhook-delivered") => void;
  /** Told what went wrong inside the gateway; the sender goes on. */
  readonly onError: (error: unknown) => void;
}

/** Tells receivers that their jobs are finished: each message at least once, until it is taken, refused for good or given up. */
export class WebhookSender {
  readonly #params: WebhookSenderParams;
  readonly #underWay = new Set<Promise<void>>();
  #cutOff = new AbortController();
  #unsubscribe: () => void = () => undefined;
  #timer: { cancel(): void } | null = null;
  #claiming: Promise<void> | null = null;
  #again = false;
  #stopped = true;

  constructor(params: WebhookSenderParams) {
    this.#params = params;
  }

  start(): void {
    this.#stopped = false;
    this.#cutOff = new AbortController();
    this.#unsubscribe = this.#params.hub.onAnyEnd(() => this.#poke());
    this.#poke();
  }

  /** Claims no more. What is being sent has `patienceMs` to end; the rest is cut off and due at once for the next process. */
  async stop(params: { readonly patienceMs: number }): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await this.#claiming;
    this.#timer?.cancel();
    const patience = this.#params.clock.after(params.patienceMs, () => this.#cutOff.abort());
    await Promise.all(this.#underWay);
    patience.cancel();
  }

  /** Messages that are being sent. */
  get size(): number {
    return this.#underWay.size;
  }

  /** Begins to send what is due, as far as there is room. Resolves when it has begun, not when it is sent. */
  async tick(): Promise<void> {
    this.#again = true;
    this.#claiming ??= this.#claimAll();
    return this.#claiming;
  }

  #poke(): void {
    this.tick().catch((error: unknown) => {
      this.#params.onError(error);
      this.#schedule(storePauseMs);
    });
  }

  async #claimAll(): Promise<void> {
    const { jobs, clock } = this.#params;
    let due: number | null = null;
    try {
      while (this.#again) {
        this.#again = false;
        due = await jobs.nextWebhookDue();
        // Every job that ends asks for a look, and few have a webhook: one question tells.
        if (due === null || due > clock.now()) continue;
        await this.#fill();
        due = await jobs.nextWebhookDue();
      }
    } finally {
      // In the same step as the last look at `again`: a tick in between would be lost.
      this.#claiming = null;
    }
    if (due !== null) this.#schedule(due - clock.now());
  }

  async #fill(): Promise<void> {
    const { jobs, clock } = this.#params;
    while (!this.#stopped && this.#underWay.size < maxUnderWay) {
      const claimed = await jobs.claimWebhook({ nowMs: clock.now(), leaseMs });
      if (claimed === null) return;
      this.#begin(claimed);
    }
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    // With all places taken, the end of one is what to wait for.
    if (this.#stopped || this.#underWay.size >= maxUnderWay) return;
    this.#timer = this.#params.clock.after(Math.min(Math.max(0, delayMs), maxPauseMs), () => this.#poke());
  }

  #begin(claimed: ClaimedWebhook): void {
    const done = this.#deliver(claimed)
      .catch((error: unknown) => this.#params.onError(error))
      .finally(() => {
        this.#underWay.delete(done);
        if (!this.#stopped) this.#poke();
      });
    this.#underWay.add(done);
  }

  async #deliver(claimed: ClaimedWebhook): Promise<void> {
    const { jobs, hub, clock, checkpoint } = this.#params;
    checkpoint("webhook-claimed");
    const at = clock.now();
    const { answer, outcome } = await this.#try(claimed, at);
    checkpoint("webhook-delivered");
    const { id, token, jobId } = claimed;
    await jobs.recordDelivery({ id, token, at, statusCode: answer.statusCode, error: outcome.error, durationMs: Math.max(0, clock.now() - at), next: outcome.next });
    hub.changed(jobId);
  }

  async #try(claimed: ClaimedWebhook, at: number): Promise<{ answer: PostAnswer; outcome: Outcome }> {
    const { jobs, render, post, secret, clock, jitter } = this.#params;
    const job = await jobs.get(claimed.jobId);
    if (job === null) return { answer: noAnswer, outcome: { error: "The job has been removed.", next: { state: "exhausted" } } };
    const body = stringifyJson({ type: `job.${job.status}`, timestamp: new Date(job.completedAt ?? at).toISOString(), data: render(job) });
    const headers = { "content-type": "application/json", ...signedHeaders(secret, { id: claimed.id, timestamp: Math.floor(at / 1000), body }) };
    const signal = this.#cutOff.signal;
    const answer = await post({ url: claimed.url, headers, body, timeoutMs, signal });
    const nowMs = clock.now();
    if (signal.aborted && answer.statusCode === null) {
      return { answer, outcome: { error: "The gateway stopped before the receiver answered.", next: { state: "pending", dueAt: nowMs } } };
    }
    return { answer, outcome: outcomeOf(answer, { earlier: claimed.attempts, nowMs, jitter: jitter() }) };
  }
}

const noAnswer: PostAnswer = { statusCode: null, retryAfter: null, error: null };
