import type { JobEvent } from "./event.ts";

export interface ReadEvents {
  readonly jobId: string;
  /** The last id that was read; 0 for all. */
  readonly afterId: number;
  /** 1 to 1000. */
  readonly limit: number;
}

export interface ReadAllEvents {
  /** Only of this owner's jobs; left out: of everybody's. */
  readonly owner?: string;
  /** The last seq that was read; 0 for all. */
  readonly afterSeq: number;
  /** 1 to 1000. */
  readonly limit: number;
}

/** The events of jobs. They go with their job when it is removed. */
export interface EventLog {
  /** By id, without a hole. Empty for a job that is unknown, or has no more. AppError `invalid_query` for a limit out of range. */
  readEvents(params: ReadEvents): Promise<readonly JobEvent[]>;

  /** Of all jobs, by seq. An event that appears later has a larger seq than any that was read: nothing is missed. */
  readAllEvents(params: ReadAllEvents): Promise<readonly JobEvent[]>;

  /** The largest seq ever given, also to an event that is removed by now; 0 before the first. */
  lastEventSeq(): Promise<number>;
}
