import type { Backend } from "../comfyui/backend.ts";
import type { JobHub } from "../events/job-hub.ts";
import type { FileStore } from "../files/file-store.ts";
import type { JobStore } from "../job/job-store.ts";
import type { Checkpoint } from "../telemetry/checkpoint.ts";
import type { Clock } from "../telemetry/clock.ts";
import type { JobWatch } from "../telemetry/job-watch.ts";
import type { Logger } from "../telemetry/logger.ts";

/** What an attempt uses of the rest of the gateway. */
export interface AttemptDeps {
  readonly jobs: JobStore;
  readonly hub: JobHub;
  readonly backend: Backend;
  readonly files: FileStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly checkpoint: Checkpoint;
  readonly watch: JobWatch;
  /** A fresh lower-case UUIDv4. */
  readonly newPromptId: () => string;
}
