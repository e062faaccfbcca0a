export const webhookStates = ["pending", "delivered", "gone", "exhausted"] as const;
/** `gone`: the receiver wants no more (410). `exhausted`: given up after the last try. */
export type WebhookState = (typeof webhookStates)[number];

/** The one message that tells a receiver that a job is finished. */
export interface Webhook {
  /** `msg_…`: the same at every delivery, so that the receiver can tell a repetition. */
  readonly id: string;
  readonly jobId: string;
  readonly url: string;
  /** Deliveries tried since it was queued, or queued again by `redeliver`. */
  readonly attempts: number;
}

export interface ClaimedWebhook extends Webhook {
  /** Proves to `recordDelivery` that nobody else has claimed it since. */
  readonly token: string;
}

/** One try to deliver, for the log. */
export interface WebhookDelivery {
  /** From 1, over the whole life of the message. */
  readonly number: number;
  readonly at: number;
  /** null when there was no answer. */
  readonly statusCode: number | null;
  /** Why there was no good answer, in words for the job's owner; null after a success. */
  readonly error: string | null;
  readonly durationMs: number;
}

export interface RecordDelivery extends Omit<WebhookDelivery, "number"> {
  readonly id: string;
  readonly token: string;
  /** What becomes of the message. `dueAt` is when it is tried again: for `pending` alone. */
  readonly next: { readonly state: "pending"; readonly dueAt: number } | { readonly state: Exclude<WebhookState, "pending"> };
}

export interface DeliveryLog {
  readonly id: string;
  readonly url: string;
  readonly state: WebhookState;
  /** When it is tried next; null unless it is pending. */
  readonly dueAt: number | null;
  /** Oldest first. */
  readonly deliveries: readonly WebhookDelivery[];
}

/**
 * The webhooks of finished jobs: one row for each finished job with a `webhookUrl`, written in the transaction that
 * finishes it and due at once. Delivered at least once: a claim that is not recorded falls due again.
 */
export interface WebhookOutbox {
  /** Hands out the pending message that has been due longest, and nobody else gets it for `leaseMs`. null when none is due. */
  claimWebhook(params: { readonly nowMs: number; readonly leaseMs: number }): Promise<ClaimedWebhook | null>;

  /**
   * Logs the try and moves the message on, together. `lease-lost`: another has claimed it since, or it was queued
   * again; the try is logged, and the message stays as it is. So it does when its job has been removed.
   */
  recordDelivery(params: RecordDelivery): Promise<"ok" | "lease-lost">;

  /** null for a job that is unknown, unfinished, or has no webhook. */
  listDeliveries(jobId: string): Promise<DeliveryLog | null>;

  /** The same message once more, due at `nowMs`, whatever its state. */
  redeliver(params: { readonly jobId: string; readonly nowMs: number }): Promise<"queued" | "no-webhook" | "not-finished" | "unknown">;

  /** When the next pending message falls due, or its claim runs out; null when none is pending. */
  nextWebhookDue(): Promise<number | null>;

  /** Messages still to be delivered, due or not. */
  countPendingWebhooks(): Promise<number>;
}
