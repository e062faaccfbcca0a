import type { Config, ConfigSource } from "./config.ts";
import { isLoopback } from "./loopback.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { readFileValues, type FileValues } from "./read-file.ts";
import { readFlags } from "./read-flags.ts";
import { configFile, flagOf, settingList, settings, written, type Setting, type SettingValue } from "./settings.ts";

export interface LoadConfig {
  /** Arguments after the name of the command. */
  readonly argv: readonly string[];
  /** An empty variable counts as unset. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  /** The default of workflows_dir. */
  readonly workflowsBeside?: string | null;
  /** Flags without value that the command itself knows, without dashes. */
  readonly switches?: readonly string[];
}

/** One setting as it took effect. */
export interface EffectiveSetting {
  readonly name: string;
  /** Redacted where it may hold a secret. */
  readonly value: SettingValue;
  readonly source: ConfigSource;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly effective: readonly EffectiveSetting[];
  readonly switches: ReadonlySet<string>;
}

interface Given {
  readonly raw: unknown;
  readonly source: ConfigSource;
  readonly origin: string;
}

/**
 * Flags before environment before file before default.
 *
 * @throws {ConfigError} with every problem there is
 */
export function loadConfig(params: LoadConfig): LoadedConfig {
  const flags = readFlags(params.argv, flagKinds, params.switches ?? []);
  const problems: ConfigProblem[] = [...flags.problems, ...flags.positionals.map(unexpected)];
  const path = flags.values.get(configFile.name) ?? (params.env[configFile.env] || undefined);
  const file = path === undefined ? noFile : openFile(path, params.readFile);
  problems.push(...file.problems);

  const sources = new Map<string, ConfigSource>();
  const given = (setting: Setting<SettingValue>): Given | null => {
    const flag = flagOf(setting.name);
    const fromFlag = flags.values.get(flag.slice(2));
    if (fromFlag !== undefined) return { raw: fromFlag, source: "flag", origin: `flag ${flag}` };
    const variable = setting.env;
    const fromEnv = params.env[variable] ?? "";
    if (fromEnv !== "") return { raw: fromEnv, source: "environment", origin: `environment variable ${variable}` };
    if (!file.values.has(setting.name)) return null;
    return { raw: file.values.get(setting.name), source: "file", origin: `${setting.name} in ${path}` };
  };
  const read = <T extends SettingValue>(setting: Setting<T>, fallback: T = setting.default): T => {
    const found = given(setting);
    sources.set(setting.name, found?.source ?? "default");
    if (found === null) return fallback;
    const parsed = setting.value.schema.safeParse(found.raw);
    if (parsed.success) return parsed.data;
    problems.push({ setting: setting.name, origin: found.origin, message: refusal(setting, found.raw) });
    return fallback;
  };

  const demo = read(settings.demo);
  const config: Config = {
    host: read(settings.host),
    port: read(settings.port),
    comfyuiUrl: read(settings.comfyuiUrl),
    dataDir: read(settings.dataDir),
    workflowsDir: read(settings.workflowsDir, params.workflowsBeside ?? null),
    catalogFile: read(settings.catalogFile),
    waitSeconds: read(settings.waitSeconds),
    demo: demo === "on" || (demo === "auto" && sources.get(settings.comfyuiUrl.name) === "default"),
    prefetch: read(settings.prefetch),
    maxQueued: read(settings.maxQueued),
    startTimeoutSeconds: read(settings.startTimeoutSeconds),
    runTimeoutSeconds: read(settings.runTimeoutSeconds),
    drainSeconds: read(settings.drainSeconds),
    retentionMs: read<number | null>(settings.retentionMs),
    maxStorageBytes: read<number | null>(settings.maxStorageBytes),
    comfyuiOutputDir: read(settings.comfyuiOutputDir),
    webhookSecret: read(settings.webhookSecret),
    apiKeys: read(settings.apiKeys),
    apiKeysFile: read(settings.apiKeysFile),
    insecure: read(settings.insecure),
    keyRequestsPerMinute: read(settings.keyRequestsPerMinute),
    keyMaxRunning: read(settings.keyMaxRunning),
    keyMaxQueued: read(settings.keyMaxQueued),
    closedPaths: read<readonly string[]>(settings.closedPaths),
    allowedOrigins: read<readonly string[]>(settings.allowedOrigins),
    linkSeconds: read(settings.linkSeconds),
    noRawGraphs: read(settings.noRawGraphs),
    deniedNodes: read<readonly string[]>(settings.deniedNodes),
    maxJsonBytes: read(settings.maxJsonBytes),
    maxImageBytes: read(settings.maxImageBytes),
    maxImagePixels: read(settings.maxImagePixels),
    maxFileBytes: read(settings.maxFileBytes),
    maxInlineBytes: read(settings.maxInlineBytes),
    fetchPrivateAddresses: read(settings.fetchPrivateAddresses),
    fetchTimeoutSeconds: read(settings.fetchTimeoutSeconds),
    leaseSeconds: read(settings.leaseSeconds),
    otlpEndpoint: read<string | null>(settings.otlpEndpoint),
    logLevel: read(settings.logLevel),
  };
  problems.push(...openDoor(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, effective: effectiveSettings(config, sources), switches: flags.switches };
}

/** A gateway that anybody on a network may use is never an accident. */
function openDoor({ host, apiKeys, apiKeysFile, insecure }: Config): readonly ConfigProblem[] {
  if (isLoopback(host) || apiKeys !== null || apiKeysFile !== null || insecure) return [];
  const message = "is reached from other machines, and there are no API keys. Set API_KEYS or --api-keys-file (`comfyui-api keys create` makes a key), or say --insecure when everybody there may use it";
  return [{ setting: settings.host.name, origin: host, message }];
}

function unexpected(argument: string): ConfigProblem {
  return { setting: argument, origin: "command line", message: "unexpected argument; settings are given as --name value" };
}

const noFile: FileValues = { values: new Map(), problems: [] };

const flagKinds = [
  { name: configFile.name },
  ...settingList.map(({ name, bare }) => ({ name: flagOf(name).slice(2), ...(bare === undefined ? {} : { bare }) })),
];

function openFile(path: string, readFile: (path: string) => string): FileValues {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { values: new Map(), problems: [{ setting: configFile.name, origin: path, message: `cannot be read: ${reason}` }] };
  }
  return readFileValues(
    text,
    path,
    settingList.map((setting) => setting.name),
  );
}

function refusal(setting: Setting<SettingValue>, raw: unknown): string {
  // A value that may hold a secret is not repeated, not even redacted: it is malformed, so the secret may stand anywhere.
  const showable = setting.redact === undefined && ["string", "number", "boolean"].includes(typeof raw);
  return `${showable ? JSON.stringify(raw) : "this value"} is not allowed; allowed: ${setting.value.allowed}`;
}

function effectiveSettings(config: Config, sources: ReadonlyMap<string, ConfigSource>): EffectiveSetting[] {
  const values = new Map<string, SettingValue>(Object.entries(config));
  return Object.entries<Setting<SettingValue>>(settings).map(([key, setting]) => {
    const value = values.get(key) ?? null;
    return {
      name: setting.name,
      value: typeof value === "string" && setting.redact !== undefined ? setting.redact(value) : written(setting, value),
      source: sources.get(setting.name) ?? "default",
    };
  });
}
