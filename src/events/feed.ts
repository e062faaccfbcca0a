import type { JobEvent, JobEventType } from "../job/event.ts";
import type { EventLog } from "../job/event-log.ts";
import type { JobHub, JobPreview } from "./job-hub.ts";
import { Latch } from "./latch.ts";

/** Read at a time: a reader that is slow holds no more than these in memory. */
const batchSize = 100;

export interface FeedParts {
  readonly jobs: Pick<EventLog, "readEvents" | "readAllEvents">;
  readonly hub: JobHub;
}

export type FeedItem =
  | { readonly kind: "event"; readonly event: JobEvent }
  | { readonly kind: "preview"; readonly jobId: string; readonly preview: JobPreview };

export interface FollowJob {
  readonly jobId: string;
  /** The last event id that was read; 0 for all. */
  readonly afterId: number;
  /** Ends the feed once all that has happened so far is told. */
  readonly signal: AbortSignal;
}

export interface FollowAll {
  /** The last seq that was read; 0 for all. */
  readonly afterSeq: number;
  readonly signal: AbortSignal;
}

/** The last event of a job is one of these, and none of them is followed by another. */
export function endsJob(type: JobEventType): boolean {
  return type === "completed" || type === "failed" || type === "cancelled";
}

/**
 * The events of a job, each once and in order, those of the past first; between them its newest preview, whenever
 * there is one that was not told. It ends after the job's last event. The store is read only when the reader asks for
 * more: who is slow costs nothing, and holds nothing up.
 *
 * @param params `afterId` must be an event that the job has, or 0; else the feed of a finished job never ends
 */
export async function* followJob({ jobs, hub }: FeedParts, { jobId, afterId, signal }: FollowJob): AsyncGenerator<FeedItem, void> {
  const { latch, end } = listen(signal, (wake) => [hub.onChange(jobId, wake), hub.onQueueMoved(wake)]);
  let last = afterId;
  let previewNumber = 0;
  try {
    for (;;) {
      const isLastLook = signal.aborted;
      const batch = await jobs.readEvents({ jobId, afterId: last, limit: batchSize });
      for (const event of batch) {
        yield { kind: "event", event };
        last = event.id;
        if (endsJob(event.type)) return;
      }
      if (batch.length === batchSize) continue;
      const preview = hub.lastPreview(jobId);
      if (preview !== undefined && preview.number > previewNumber) {
        previewNumber = preview.number;
        yield { kind: "preview", jobId, preview };
        continue;
      }
      if (isLastLook) return;
      await latch.wait();
    }
  } finally {
    end();
  }
}

/** The events of all jobs, as {@link followJob} tells those of one, without previews and without an end of its own. */
export async function* followAll({ jobs, hub }: FeedParts, { afterSeq, signal }: FollowAll): AsyncGenerator<FeedItem, void> {
  const { latch, end } = listen(signal, (wake) => [hub.onAnyChange(wake), hub.onQueueMoved(wake)]);
  let last = afterSeq;
  try {
    for (;;) {
      const isLastLook = signal.aborted;
      const batch = await jobs.readAllEvents({ afterSeq: last, limit: batchSize });
      for (const event of batch) {
        yield { kind: "event", event };
        last = event.seq;
      }
      if (batch.length === batchSize) continue;
      if (isLastLook) return;
      await latch.wait();
    }
  } finally {
    end();
  }
}

/** A latch that is set by whatever `subscribe` listens to and by the signal, and what takes all of it back. */
function listen(signal: AbortSignal, subscribe: (wake: () => void) => readonly (() => void)[]): { latch: Latch; end: () => void } {
  const latch = new Latch();
  const wake = (): void => latch.set();
  const subscriptions = subscribe(wake);
  signal.addEventListener("abort", wake);
  const end = (): void => {
    for (const unsubscribe of subscriptions) unsubscribe();
    signal.removeEventListener("abort", wake);
  };
  return { latch, end };
}
