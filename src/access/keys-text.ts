import { parseDocument } from "yaml";
import { z } from "zod";
import { keyName, type ApiKey, type KeyLimits } from "./api-key.ts";
import { hashKey, minKeyLength } from "./key-text.ts";
import { KeysError } from "./keys-error.ts";
import { isScope, scopes, type Scope } from "./scope.ts";

function wrong(message: string): KeysError {
  return new KeysError(message);
}

const bound = z.number().int().min(1).max(1_000_000).exactOptional();

const entry = z.strictObject({
  name: z.string().regex(keyName, "1 to 64 letters, digits, dots, dashes and underscores"),
  hash: z.string().regex(/^sha256:[0-9a-f]{64}$/, "sha256: and 64 hex digits, as `comfyui-api keys create` prints it"),
  scopes: z.array(z.enum(scopes)).min(1).default(["run", "read"]),
  requests_per_minute: bound,
  max_running: bound,
  max_queued: bound,
});

const keysFile = z.strictObject({ keys: z.array(entry) });

function document(text: string): unknown {
  const parsed = parseDocument(text);
  if (parsed.errors.length > 0) throw wrong(`The file of API keys is not valid YAML: ${parsed.errors[0]?.message.split("\n")[0] ?? ""}`);
  try {
    return parsed.toJS({ maxAliasCount: 0 });
  } catch (error) {
    // Aliases that lead nowhere, or multiply without end, show only here.
    throw wrong(`The file of API keys is not valid YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * The keys of a file: `keys:` with name, hash, and where they differ from the defaults scopes and limits.
 *
 * @throws {KeysError}
 */
export function readKeysFile(text: string, defaults: KeyLimits): readonly ApiKey[] {
  const parsed = keysFile.safeParse(document(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw wrong(`The file of API keys is not right at ${issue?.path.join(".") || "its beginning"}: ${issue?.message ?? "not allowed"}.`);
  }
  return parsed.data.keys.map((key) => ({
    name: key.name,
    hash: key.hash,
    scopes: new Set(key.scopes),
    limits: {
      requestsPerMinute: key.requests_per_minute ?? defaults.requestsPerMinute,
      maxRunning: key.max_running ?? defaults.maxRunning,
      maxQueued: key.max_queued ?? defaults.maxQueued,
    },
  }));
}

function scopesOf(text: string | undefined): ReadonlySet<Scope> {
  const named = (text ?? "run+read").split("+");
  if (!named.every(isScope)) throw wrong(`A key of API_KEYS has a scope that is not one of ${scopes.join(", ")}.`);
  return new Set(named.filter(isScope));
}

/**
 * The keys of a variable: `key`, `name:key` or `name:key:run+read`, with commas between.
 *
 * @throws {KeysError}
 */
export function readKeysVariable(text: string, limits: KeyLimits): readonly ApiKey[] {
  const items = text.split(",").map((item) => item.trim()).filter((item) => item !== "");
  return items.map((item) => {
    const [first = "", second, third, ...rest] = item.split(":");
    const key = second ?? first;
    if (rest.length > 0 || key.length < minKeyLength || !/^[\x21-\x7e]+$/.test(key)) {
      throw wrong(`API_KEYS takes key, name:key or name:key:scope+scope with commas between, each key ${minKeyLength} or more visible characters without colon and comma.`);
    }
    const hash = hashKey(key);
    // Without a name, one that is the same after each start and gives nothing of the key away.
    const name = second === undefined ? `key-${hash.slice(7, 15)}` : first;
    if (!keyName.test(name)) throw wrong("A name in API_KEYS may have letters, digits, dots, dashes and underscores, up to 64.");
    return { name, hash, scopes: scopesOf(third), limits };
  });
}

/** @throws {KeysError} when two keys share a name */
export function checkNames(keys: readonly ApiKey[]): void {
  const names = new Set<string>();
  for (const { name } of keys) {
    if (names.has(name)) throw wrong(`Two API keys are called ${name}. A name is the owner of jobs: give each key its own.`);
    names.add(name);
  }
}

/** An entry for the file, as YAML. */
export function keyEntry(key: { readonly name: string; readonly hash: string; readonly scopes: readonly Scope[] }): string {
  return `  - name: ${key.name}\n    hash: ${key.hash}\n    scopes: [${key.scopes.join(", ")}]\n`;
}
