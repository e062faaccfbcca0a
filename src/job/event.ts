import type { JsonObject } from "../json/exact.ts";

export const jobEventTypes = [
  "queued", "position", "started", "node_started", "node_finished", "progress", "output", "warning", "retrying", "completed", "failed", "cancelled",
] as const;
export type JobEventType = (typeof jobEventTypes)[number];

/** An entry of a job's log: written in the same transaction as the change it tells, and never changed. */
export interface JobEvent {
  readonly jobId: string;
  /** 1, 2, 3 and so on within the job, without a hole. */
  readonly id: number;
  /** Position among the events of all jobs: increasing, with holes. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly type: JobEventType;
  /** As callers see it: snake_case, times in RFC 3339. Its shapes are those that event-data.ts makes. */
  readonly data: JsonObject;
}
