import { addKey } from "../access/add-key.ts";
import { keyName } from "../access/api-key.ts";
import { hashKey, newKeyText } from "../access/key-text.ts";
import { KeysError } from "../access/keys-error.ts";
import { keyEntry } from "../access/keys-text.ts";
import { loadKeys } from "../access/load-keys.ts";
import { isScope, scopes, type Scope } from "../access/scope.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import { readFlags } from "../config/read-flags.ts";
import { flagOf, settings } from "../config/settings.ts";
import type { Command, ExitCode, Surroundings } from "./command.ts";
import { readConfiguration } from "./configuration.ts";
import { failureText } from "./failure.ts";

/** The file that `serve` reads is the one that is written. */
const fileFlag = flagOf(settings.apiKeysFile.name);
const fileVariable = settings.apiKeysFile.env;

/** Makes API keys, and shows which there are. */
export const keys: Command = {
  name: "keys",
  summary: "Make an API key, or list those there are",

  help: () => `Usage: comfyui-api keys create NAME [--scopes=run,read] [${fileFlag}=FILE]
       comfyui-api keys list [--name=VALUE ...]

\`create\` prints a new random key once. Its entry, which knows it by its hash, is put into the file of keys
(${fileFlag}, or ${fileVariable}), which is made when there is none; without a file the entry is printed,
to be put under \`keys:\` by hand. The gateway knows the key once it is started again. Scopes:

  run    send jobs, cancel them, bring in files; and read
  read   look at the key's own jobs, outputs and files
  admin  all of it, of everybody

\`list\` shows the keys that \`serve\` would know with the same settings: names, scopes and limits. To end a key,
take its entry out of the file and start the gateway again.
`,

  async run(argv, surroundings) {
    const [verb, ...others] = argv;
    if (verb === "create") return create(others, surroundings);
    if (verb === "list") return list(others, surroundings);
    surroundings.complain("Say what to do: comfyui-api keys create NAME, or comfyui-api keys list.\n");
    return 2;
  },
};

function scopesOf(text: string): readonly Scope[] | null {
  const named = text.split(",").map((each) => each.trim());
  return named.every(isScope) ? named.filter(isScope) : null;
}

async function create(argv: readonly string[], { env, print, complain }: Surroundings): Promise<ExitCode> {
  const { values, positionals, problems } = readFlags(argv, [{ name: "scopes" }, { name: fileFlag.slice(2) }], [], "keys");
  const [name, ...more] = positionals;
  const chosen = scopesOf(values.get("scopes") ?? "run,read");
  const wrong = [
    ...problems.map(({ setting, message }) => `${setting}: ${message}`),
    ...(name === undefined || more.length > 0 || !keyName.test(name) ? ["give one name of letters, digits, dots, dashes and underscores, up to 64"] : []),
    ...(chosen === null ? [`--scopes takes some of ${scopes.join(", ")}, with commas between`] : []),
  ];
  if (wrong.length > 0 || name === undefined || chosen === null) {
    complain(`${wrong.join("\n")}\n`);
    return 2;
  }
  const text = newKeyText();
  const key = { name, hash: hashKey(text), scopes: chosen };
  const path = values.get(fileFlag.slice(2)) ?? (env[fileVariable] || null);
  if (path !== null) {
    try {
      await addKey(path, key);
    } catch (error) {
      if (!(error instanceof KeysError)) throw error;
      complain(`${failureText(error)}\n`);
      return 1;
    }
  }
  const entry = path === null ? `Its entry for the file of keys, under \`keys:\`:\n\n${keyEntry(key)}` : `Its entry is in ${path}. Start the gateway again, and it is known.\n`;
  print(`The key, which is shown only now:\n\n  ${text}\n\n${entry}`);
  return 0;
}

async function list(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const loaded = readConfiguration(argv, surroundings);
  if (loaded === null) return 2;
  try {
    surroundings.print(await listing(loaded));
    return 0;
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    surroundings.complain(`${failureText(error)}\n`);
    return 1;
  }
}

async function listing({ config }: LoadedConfig): Promise<string> {
  const { apiKeys, apiKeysFile, keyRequestsPerMinute, keyMaxRunning, keyMaxQueued } = config;
  const defaults = { requestsPerMinute: keyRequestsPerMinute, maxRunning: keyMaxRunning, maxQueued: keyMaxQueued };
  const known = await loadKeys({ variable: apiKeys, file: apiKeysFile, defaults });
  if (known.length === 0) return "There are no API keys: everybody who reaches the gateway may use it.\n";
  return known
    .map(({ name, scopes: held, limits }) => `${name}  ${[...held].join(",")}  ${limits.requestsPerMinute} requests/min, ${limits.maxRunning} running, ${limits.maxQueued} queued\n`)
    .join("");
}
