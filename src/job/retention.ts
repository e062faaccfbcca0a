export interface RemovableJob {
  readonly jobId: string;
  readonly completedAt: number;
  /** Ids in the file store, of inputs and outputs. Other jobs may need the same ones. */
  readonly fileIds: readonly string[];
  /** Of its outputs, each file once. */
  readonly outputBytes: number;
}

/**
 * `kept`: it is unfinished, or its webhook has not been delivered yet.
 * `unreferencedFiles`: ids that no other job needs as input or output. A job accepted after this may need one again.
 */
export type RemoveAnswer = { readonly outcome: "removed"; readonly unreferencedFiles: readonly string[] } | { readonly outcome: "kept" | "unknown" };

/** Forgetting finished jobs. An unfinished job, and one whose webhook is pending, is never removed. */
export interface Retention {
  /** Finished before the time (Infinity for all), oldest end first. `limit` 1 to 1000. */
  listRemovable(params: { readonly completedBefore: number; readonly limit: number }): Promise<readonly RemovableJob[]>;

  /** The job with its events, outputs, attempts, webhook and idempotency key, in one transaction. */
  remove(params: { readonly jobId: string }): Promise<RemoveAnswer>;

  /** Those of the ids that a job has as input or output. */
  referencedFiles(ids: readonly string[]): Promise<ReadonlySet<string>>;

  /** Bytes of the outputs of all jobs, each file once however many jobs made it. */
  storageOfJobs(): Promise<number>;

  /** Forgets the idempotency keys that have run out. Resolves how many. */
  removeExpiredKeys(nowMs: number): Promise<number>;
}
