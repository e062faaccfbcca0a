/** What the gateway runs with: one field for each row of settings.ts, checked. */
export interface Config {
  /** Address to listen on: an IP address or a host name. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** http or https, no trailing slash; may carry `user:password@`, so print it through `redactUrl`. */
  readonly comfyuiUrl: string;
  readonly dataDir: string;
  /** Folder with the caller's own workflows; null for the built-in ones only. */
  readonly workflowsDir: string | null;
  /** A saved answer of /object_info; null for the one of the running ComfyUI. */
  readonly catalogFile: string | null;
  /** How long a request waits for its job when it does not say. */
  readonly waitSeconds: number;
  /** Whether the stand-in ComfyUI is used: `auto` is settled here. */
  readonly demo: boolean;
  /** Prompts kept waiting in ComfyUI behind the one that runs. */
  readonly prefetch: number;
  /** Jobs that may wait. */
  readonly maxQueued: number;
  /** From acceptance to the beginning of the run, for a job that does not say; 0 for no limit. */
  readonly startTimeoutSeconds: number;
  /** Of one run, for a job that does not say; 0 for no limit. */
  readonly runTimeoutSeconds: number;
  /** How long running work may go on once the gateway is asked to stop. */
  readonly drainSeconds: number;
  /** How long finished jobs are kept; null for ever. */
  readonly retentionMs: number | null;
  /** Of all kept files together; null for no bound. */
  readonly maxStorageBytes: number | null;
  /** Where ComfyUI's output folder is on this machine; null when it is not. */
  readonly comfyuiOutputDir: string | null;
  /** `whsec_<base64>`; null for the one in the data directory. */
  readonly webhookSecret: string | null;
  /** As written: it holds keys. See src/access for its form. */
  readonly apiKeys: string | null;
  readonly apiKeysFile: string | null;
  /** Whether everybody on a network may use a gateway without keys. */
  readonly insecure: boolean;
  /** Of a key without its own, as the next two. */
  readonly keyRequestsPerMinute: number;
  readonly keyMaxRunning: number;
  readonly keyMaxQueued: number;
  /** Paths that need a key although they are open by default. */
  readonly closedPaths: readonly string[];
  /** Origins of other sites whose pages may use the gateway in a browser. */
  readonly allowedOrigins: readonly string[];
  /** How long a signed link to an output works. */
  readonly linkSeconds: number;
  /** Whether `POST /v1/jobs` is refused. */
  readonly noRawGraphs: boolean;
  /** Node classes a caller's graph may not have; `*` stands for any characters. */
  readonly deniedNodes: readonly string[];
  readonly maxJsonBytes: number;
  readonly maxImageBytes: number;
  /** Of one image: width times height. */
  readonly maxImagePixels: number;
  readonly maxFileBytes: number;
  /** All outputs of a job together, as base64 in its JSON. */
  readonly maxInlineBytes: number;
  /** Whether URL inputs may be plain http and lead to private addresses. */
  readonly fetchPrivateAddresses: boolean;
  readonly fetchTimeoutSeconds: number;
  readonly leaseSeconds: number;
  /** Where traces go, OTLP over HTTP; null for nowhere. */
  readonly otlpEndpoint: string | null;
  /** A level, and levels of modules: `info,runner=debug`. */
  readonly logLevel: string;
}

export type ConfigKey = keyof Config;

/** Where a value came from; the strongest first. */
export type ConfigSource = "flag" | "environment" | "file" | "default";
