import type { ConfigKey } from "./config.ts";
import { redactUrl } from "./redact-url.ts";
import { bytesOrNone, durationOrNone, writeBytes, writeDuration } from "./quantity.ts";
import { httpUrl, integer, listOf, logLevels, optionalHttpUrl, optionalText, text, webhookSecret, yesNo, yesNoAuto, type Value } from "./value.ts";

export type SettingValue = string | number | boolean | null | readonly string[];

/** One thing that can be set: in the file under `name`, in the environment under `env`, on the command line as `flagOf(name)`. */
export interface Setting<T extends SettingValue> {
  readonly name: string;
  readonly env: string;
  readonly value: Value<T>;
  readonly default: T;
  /** One line: what it does and, for a limit, why it is what it is. */
  readonly doc: string;
  /** What the flag means with no value after it; a flag without this needs one. */
  readonly bare?: string;
  /** What may be shown of the value, for one that can hold a secret. */
  readonly redact?: (written: string) => string;
  /** What the number counts, for one that a person writes with a unit: milliseconds, or bytes. */
  readonly quantity?: "duration" | "bytes";
}

export function flagOf(name: string): string {
  return `--${name.replaceAll("_", "-")}`;
}

/** The file that holds settings is itself named by a flag or the environment. */
export const configFile = { name: "config", env: "COMFYUI_API_CONFIG" } as const;

/** Longer than any job is worth waiting for: a month. */
const longestStartSeconds = 30 * 86_400;
/** A week: a graph that runs longer is stuck. */
const longestRunSeconds = 7 * 86_400;

/** Every setting, once. docs/settings.md and `serve --help` are written from it. */
export const settings = {
  host: {
    name: "host",
    // Not HOST: conda and some shells export that with another meaning.
    env: "COMFYUI_API_HOST",
    value: text("an IP address or host name of this machine; 0.0.0.0 for every network"),
    default: "127.0.0.1",
    doc: "Address to listen on. The default is reached from this machine only",
  },
  port: {
    name: "port",
    env: "PORT",
    value: integer(0, 65_535),
    default: 3000,
    doc: "Port to listen on; 0 takes a free one",
  },
  comfyuiUrl: {
    name: "comfyui_url",
    env: "COMFYUI_URL",
    value: httpUrl,
    default: "http://127.0.0.1:8188",
    doc: "Where ComfyUI answers; may carry user:password@ for a proxy in front of it",
    redact: redactUrl,
  },
  dataDir: {
    name: "data_dir",
    env: "DATA_DIR",
    value: text("a folder, made when absent; relative to the working directory"),
    default: "./data",
    doc: "Where jobs, uploaded files and outputs are kept",
  },
  workflowsDir: {
    name: "workflows_dir",
    env: "WORKFLOWS_DIR",
    value: optionalText("a folder; relative to the working directory"),
    default: null,
    doc: "Folder with workflows of your own. Unset, the executable takes a folder `workflows` beside it, if there is one",
  },
  catalogFile: {
    name: "catalog",
    env: "CATALOG",
    value: optionalText("a .json or .json.gz file; relative to the working directory"),
    default: null,
    doc: "What ComfyUI's /object_info answers, as a file. Unset, the running ComfyUI is asked, and its answer kept for starts without it",
  },
  waitSeconds: {
    name: "wait_seconds",
    env: "WAIT_SECONDS",
    // 300 s: proxies and clients in between give up on a silent connection soon after.
    value: integer(0, 300, "seconds"),
    default: 60,
    doc: "How long a request waits for its job before it answers 202; `Prefer: wait=N` overrides it",
  },
  demo: {
    name: "demo",
    env: "DEMO",
    value: yesNoAuto,
    default: "off",
    doc: "Use the built-in stand-in for ComfyUI, which draws pictures without a model. `auto`: when comfyui_url is not set",
    bare: "on",
  },
  prefetch: {
    name: "prefetch",
    env: "PREFETCH",
    // One waiting prompt keeps the GPU busy between two jobs. More only takes them out of reach of priorities, unless the
    // ComfyUI behind the address runs several side by side.
    value: integer(0, 128),
    default: 1,
    doc: "Prompts kept waiting in ComfyUI behind the running one, so that the GPU does not idle between jobs",
  },
  maxQueued: {
    name: "max_queued",
    env: "MAX_QUEUED",
    // 10,000 jobs of ten seconds are a day of work: who sends the next one had better know now.
    value: integer(1, 1_000_000, "jobs"),
    default: 10_000,
    doc: "Jobs that may wait; one more is answered 429 with `Retry-After`",
  },
  startTimeoutSeconds: {
    name: "start_timeout_seconds",
    env: "START_TIMEOUT_SECONDS",
    value: integer(0, longestStartSeconds, "seconds"),
    default: 0,
    doc: "A job that has not begun to run after this long fails with start_timeout; 0 lets it wait. `?start_timeout=` overrides it",
  },
  runTimeoutSeconds: {
    name: "run_timeout_seconds",
    env: "RUN_TIMEOUT_SECONDS",
    value: integer(0, longestRunSeconds, "seconds"),
    default: 3600,
    doc: "A job that runs longer is stopped and fails with run_timeout, so that a stuck graph does not hold the GPU; 0 sets no limit. `?run_timeout=` overrides it",
  },
  drainSeconds: {
    name: "drain_seconds",
    env: "DRAIN_SECONDS",
    // systemd waits 90 s and Kubernetes 30 s before they kill; either way the job is taken up again by the next start.
    value: integer(0, 86_400, "seconds"),
    default: 30,
    doc: "How long the first SIGTERM lets the running job go on before the gateway ends; the next start takes up what is left",
  },
  retentionMs: {
    name: "retention",
    env: "RETENTION",
    value: durationOrNone,
    default: 7 * 86_400_000,
    doc: "How long finished jobs are kept, with their events and outputs, and uploaded files that no job uses; 0 keeps them for ever",
    quantity: "duration",
  },
  maxStorageBytes: {
    name: "max_storage",
    env: "MAX_STORAGE",
    value: bytesOrNone,
    // No bound by default: how much of the disk is ours is not ours to guess, and a guess that is too small would remove results
    // that retention promises to keep. A disk that fills up is an error that says so, and loses nothing.
    default: null,
    doc: "Size of all kept files beyond which the jobs that finished first are removed before their time; 0 sets no bound",
    quantity: "bytes",
  },
  comfyuiOutputDir: {
    name: "comfyui_output_dir",
    env: "COMFYUI_OUTPUT_DIR",
    value: optionalText("a folder; relative to the working directory"),
    default: null,
    doc: "ComfyUI's output folder, when this machine can see it: its own copies of a removed job's outputs, below `comfyui-api/`, are removed too",
  },
  webhookSecret: {
    name: "webhook_secret",
    env: "WEBHOOK_SECRET",
    value: webhookSecret,
    default: null,
    doc: "Signs webhooks. Unset, one is made and kept in `webhook-secret` in the data directory. A flag can be read by every user of the machine: prefer the environment or the file",
    redact: () => "***",
  },
  apiKeys: {
    name: "api_keys",
    env: "API_KEYS",
    value: optionalText("key, name:key or name:key:scope+scope, with commas between; scopes are run, read and admin"),
    default: null,
    doc: "Who may use the gateway. A flag can be read by every user of the machine: prefer the environment, or a file of hashes",
    redact: () => "***",
  },
  apiKeysFile: {
    name: "api_keys_file",
    env: "API_KEYS_FILE",
    value: optionalText("a YAML file as `comfyui-api keys create` prints it; relative to the working directory"),
    default: null,
    doc: "Who may use the gateway: names, hashes of keys, scopes and limits. Read at start",
  },
  insecure: {
    name: "insecure",
    env: "INSECURE",
    value: yesNo,
    default: false,
    doc: "Listen on an address that other machines reach although there are no API keys: everybody there may use the gateway",
    bare: "true",
  },
  keyRequestsPerMinute: {
    name: "key_requests_per_minute",
    env: "KEY_REQUESTS_PER_MINUTE",
    // A person with a page that polls once a second stays below it; a loop without a pause does not.
    value: integer(1, 1_000_000, "requests"),
    default: 100,
    doc: "Requests a minute of one API key; more are answered 429. The file of keys can set it for each key",
  },
  keyMaxRunning: {
    name: "key_max_running",
    env: "KEY_MAX_RUNNING",
    value: integer(1, 1_000_000, "jobs"),
    default: 3,
    doc: "Jobs of one API key that are run at a time; further ones wait while others go first",
  },
  keyMaxQueued: {
    name: "key_max_queued",
    env: "KEY_MAX_QUEUED",
    // A tenth of max_queued: ten keys fill the queue, one does not.
    value: integer(1, 1_000_000, "jobs"),
    default: 1_000,
    doc: "Jobs of one API key that may wait; one more is answered 429",
  },
  closedPaths: {
    name: "closed_paths",
    env: "CLOSED_PATHS",
    value: listOf("some of health, ready, metrics, docs and openapi.json, with commas between", /^(health|ready|metrics|docs|openapi\.json)$/),
    default: [],
    doc: "Paths that need an API key too. By default these five are open, so that probes and browsers find them",
  },
  allowedOrigins: {
    name: "allowed_origins",
    env: "ALLOWED_ORIGINS",
    value: listOf("origins such as https://app.example, with commas between", /^https?:\/\/[a-z0-9.:[\]-]+$/),
    default: [],
    doc: "Other sites whose pages may use the gateway in a browser (CORS). By default only its own pages may",
  },
  linkSeconds: {
    name: "link_seconds",
    env: "LINK_SECONDS",
    // Long enough for the receiver of a webhook that comes late, short enough for a link that leaks.
    value: integer(60, 30 * 86_400, "seconds"),
    default: 86_400,
    doc: "How long the signed link of an output (`signed_url`) works without an API key",
  },
  noRawGraphs: {
    name: "no_raw_graphs",
    env: "NO_RAW_GRAPHS",
    value: yesNo,
    default: false,
    doc: "Refuse POST /v1/jobs, so that only the workflows of this gateway are run",
    bare: "true",
  },
  deniedNodes: {
    name: "denied_nodes",
    env: "DENIED_NODES",
    value: listOf("names of node classes, with commas between; * stands for any characters", /^[^,]{1,200}$/),
    default: [],
    doc: "Node classes that a graph of a caller may not have, such as those that run code or reach the network. Workflows of this gateway may",
  },
  maxImageBytes: {
    name: "max_image_bytes",
    env: "MAX_IMAGE_BYTES",
    // A 24-megapixel PNG fits.
    value: integer(1024, 100_000_000_000, "bytes"),
    default: 50_000_000,
    doc: "Largest input image, uploaded or fetched",
  },
  maxImagePixels: {
    name: "max_image_pixels",
    env: "MAX_IMAGE_PIXELS",
    // ComfyUI unpacks a picture to 12 bytes a pixel: 100 megapixels are 1.2 GB of its memory.
    value: integer(1, 1_000_000_000, "pixels"),
    default: 100_000_000,
    doc: "Largest input image, width times height, as its header says; no side may be longer than 16384. A small file can unpack to a huge picture",
  },
  maxJsonBytes: {
    name: "max_json_bytes",
    env: "MAX_JSON_BYTES",
    // Large graphs are below 1 MB; the rest is room for an image of some 7 MB as base64.
    value: integer(1024, 1_000_000_000, "bytes"),
    default: 10_000_000,
    doc: "Largest JSON body; it is held in memory",
  },
  maxFileBytes: {
    name: "max_file_bytes",
    env: "MAX_FILE_BYTES",
    // A film of some minutes. Files are streamed to disk, so that disk is what this guards.
    value: integer(1024, 100_000_000_000, "bytes"),
    default: 2_000_000_000,
    doc: "Largest input file that is no image, uploaded or fetched; it is streamed to disk",
  },
  maxInlineBytes: {
    name: "max_inline_bytes",
    env: "MAX_INLINE_BYTES",
    // Base64 is held in memory a few times over while it is sent.
    value: integer(0, 100_000_000, "bytes"),
    default: 8_000_000,
    doc: "Outputs put into one answer as base64 with `outputs=inline`; larger ones stay links",
  },
  fetchPrivateAddresses: {
    name: "fetch_private_addresses",
    env: "FETCH_PRIVATE_ADDRESSES",
    value: yesNo,
    default: false,
    doc: "Let URL inputs be plain http:// and lead to private addresses: callers can then read from your network",
    bare: "true",
  },
  fetchTimeoutSeconds: {
    name: "fetch_timeout_seconds",
    env: "FETCH_TIMEOUT_SECONDS",
    value: integer(1, 600, "seconds"),
    default: 30,
    doc: "How long fetching one URL input may take in all",
  },
  leaseSeconds: {
    name: "lease_seconds",
    env: "LEASE_SECONDS",
    // Shorter than 5 s, a slow disk would cost a living process its jobs; longer than an hour, a crash would strand them.
    value: integer(5, 3600, "seconds"),
    default: 30,
    doc: "How long a job stays with a process that has gone silent before another may take it",
  },
  otlpEndpoint: {
    name: "otlp_endpoint",
    // OpenTelemetry's own name, which other programs of the host share.
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    value: optionalHttpUrl,
    default: null,
    doc: "Collector that traces are sent to, OTLP over HTTP as JSON; unset, none are made",
    redact: redactUrl,
  },
  logLevel: {
    name: "log_level",
    env: "LOG_LEVEL",
    value: logLevels,
    default: "info",
    doc: "Least severe log lines that are written, also by module: `info,runner=debug`",
  },
} as const satisfies Record<ConfigKey, Setting<SettingValue>>;

/** The value as a person would write it, for one that is written with a unit. */
export function written({ quantity }: Setting<SettingValue>, value: SettingValue): Exclude<SettingValue, readonly string[]> {
  if (typeof value === "object" && value !== null) return value.length === 0 ? null : value.join(",");
  const amount = typeof value === "number" ? value : null;
  if (quantity === "duration") return writeDuration(amount);
  return quantity === "bytes" ? writeBytes(amount) : value;
}

/** The rows in their order, for whoever walks them all. */
export const settingList: readonly Setting<SettingValue>[] = Object.values(settings);
