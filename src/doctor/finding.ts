/** What a doctor's finding is about; also the order in which they are told. */
export const areas = ["comfyui", "workflow", "data", "port", "clock", "keys", "gpu"] as const;
export type Area = (typeof areas)[number];

/**
 * `warning`: it works, and somebody should look. `failure`: something that was asked for does not work.
 * `skipped`: could not be looked at; the message says why.
 */
export type FindingStatus = "ok" | "warning" | "failure" | "skipped";

/** One thing that was looked at. Shown to the operator of the host, so that it may name paths of the host, and never a secret. */
export interface Finding {
  readonly area: Area;
  /** The workflow, for a finding about one. */
  readonly subject?: string;
  readonly status: FindingStatus;
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
  /** An address to download from, or of the pack to install, when one is known. */
  readonly url?: string;
}
