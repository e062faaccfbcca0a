import type { KeyRing } from "../access/key-ring.ts";
import type { LinkSigner } from "../access/link-signer.ts";
import type { RequestBudget } from "../access/request-budget.ts";
import type { JobHub } from "../events/job-hub.ts";
import type { FileStore } from "../files/file-store.ts";
import type { JobStore, QueueCounts } from "../job/job-store.ts";
import type { Checkpoint } from "../telemetry/checkpoint.ts";
import type { Clock } from "../telemetry/clock.ts";
import type { JobWatch } from "../telemetry/job-watch.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { AnsweredRequest } from "../telemetry/metrics/http-metrics.ts";
import type { RequestTracer } from "../telemetry/traces/request-tracer.ts";
import type { DocsAssets } from "../web/docs-page.ts";
import type { WorkflowRegistry } from "../workflow/registry.ts";

export interface HttpLimits {
  /** How long an answer waits for its job when the caller does not say, 0 to 300. */
  readonly waitSeconds: number;
  /** Of a JSON body, and of the text parts of a multipart body together. */
  readonly maxJsonBytes: number;
  /** Of one input image. */
  readonly maxImageBytes: number;
  /** Of one input image: width times height. */
  readonly maxImagePixels: number;
  /** Of one input file that is no image. */
  readonly maxFileBytes: number;
  /** Of all outputs together that `outputs=inline` puts into a job. */
  readonly maxInlineBytes: number;
  /** For fetching the file behind a URL, from name lookup to last byte. */
  readonly fetchTimeoutSeconds: number;
  /** For URL inputs and webhooks alike. */
  readonly allowPrivateAddresses: boolean;
  /** Jobs that may wait. */
  readonly maxQueued: number;
  /** For a job that does not say: how long it may wait for its start; 0 for ever. */
  readonly startTimeoutSeconds: number;
  /** For a job that does not say: how long it may run; 0 for ever. */
  readonly runTimeoutSeconds: number;
}

/** Who may do what. */
export interface AccessParts {
  readonly keys: KeyRing;
  readonly budget: RequestBudget;
  /** null when callers need no key, and so no links. */
  readonly links: LinkSigner | null;
  /** First segments of paths that need a key although they are open by default. */
  readonly closedPaths: readonly string[];
  /** Origins of other sites whose pages may use the gateway. */
  readonly allowedOrigins: readonly string[];
  /** Whether it is reached under names of this machine only: a page that has its own name lead here is then refused. */
  readonly isLoopbackOnly: boolean;
  readonly rawGraphs: boolean;
  /** Node classes that no graph of a caller may have; `*` stands for any characters. */
  readonly deniedNodes: readonly string[];
}

/** What of the job store the HTTP room uses. */
export type HttpJobs = Pick<
  JobStore,
  | "insert" | "sync" | "findIdempotent" | "getSummary" | "listJobs" | "listOutputs" | "counts" | "countQueued" | "countWaiting" | "averageExecutionMs" | "queuePosition" | "queuePositions" | "requestCancel"
  | "readEvents" | "readAllEvents" | "lastEventSeq" | "listDeliveries" | "redeliver" | "addFileOwner" | "ownsFile"
>;

/** What of the file store. */
export type HttpFiles = Pick<FileStore, "put" | "describe" | "read" | "bytes">;

export interface Readiness {
  readonly ready: boolean;
  /** One sentence each, for people. Empty when ready. */
  readonly problems: readonly string[];
}

/** The ComfyUI behind the gateway, as `/v1/status` tells it. */
export interface BackendStatus {
  readonly reachable: boolean;
  /** Of the last change of `reachable`, milliseconds since the epoch. */
  readonly since: number;
  readonly reason: string | null;
  readonly version: string | null;
  readonly devices: readonly { readonly name: string; readonly type: string; readonly vramTotal: number; readonly vramFree: number }[];
  readonly queueRemaining: number | null;
}

export interface GatewayStatus {
  readonly uptimeSeconds: number;
  readonly queue: QueueCounts;
  readonly backend: BackendStatus;
}

/** A model file of the host, as `/v1/models` lists it. */
export interface HostModel {
  readonly type: string;
  readonly name: string;
  /** Bytes; null when neither ComfyUI nor the disk tells. */
  readonly size: number | null;
  /** Milliseconds since the epoch; null when neither ComfyUI nor the disk tells. */
  readonly modifiedAt: number | null;
}

/** What is counted, and how it is read. */
export interface HttpMetricsPort {
  answered(request: AnsweredRequest): void;
  scrape(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** All that the HTTP room uses of the rest of the gateway. */
export interface HttpDeps {
  readonly version: string;
  readonly limits: HttpLimits;
  readonly workflows: WorkflowRegistry;
  readonly jobs: HttpJobs;
  readonly hub: JobHub;
  readonly files: HttpFiles;
  readonly access: AccessParts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly docsAssets: DocsAssets;
  /** Told at each place where a death of the process is tested. */
  readonly checkpoint: Checkpoint;
  /** A fresh id for a job or a request: UUID. */
  readonly newId: () => string;
  readonly drawSeed: (max: bigint) => number | bigint;
  readonly metrics: HttpMetricsPort;
  /** Told of jobs that are accepted, or cancelled while they wait. */
  readonly watch: JobWatch;
  /** Absent when nobody is sent traces. */
  readonly requestTracer?: RequestTracer | undefined;
  /** Rejects with AppError `comfyui_unreachable` or `comfyui_unexpected`. */
  readonly models: () => Promise<readonly HostModel[]>;
  readonly readiness: () => Promise<Readiness>;
  readonly status: () => Promise<GatewayStatus>;
  /** Aborted when the gateway stops: new runs are refused, and whoever waits for a job gets it as it is, so that shutdown need not wait for them. */
  readonly stopping?: AbortSignal;
}
