import { readFlags } from "../../config/read-flags.ts";
import { httpUrl } from "../../config/value.ts";
import { defaultAppUrl, defaultBaseUrl, defaultTimeLimitMs, modelsOf, type OpenRouterSettings } from "../../codegen/openrouter/settings.ts";
import type { Surroundings } from "../command.ts";
import { readDestination } from "./destination.ts";

export interface GenerateArguments {
  /** The file saved from ComfyUI. */
  readonly file: string;
  /** Where the module goes; null: below `workflows`, by the id that the plan gives. */
  readonly destination: { readonly path: string; readonly id: string } | null;
  /** A catalog's file; null: none was named. */
  readonly catalog: string | null;
  /** Folder of ComfyUI-Manager; null: its maps are not used. */
  readonly manager: string | null;
  /** The ComfyUI that verifies, and whose catalog is used; without trailing slash. */
  readonly verify: string | null;
  /** Null: the rules name things. */
  readonly openRouter: OpenRouterSettings | null;
  readonly offline: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly force: boolean;
  readonly update: boolean;
  readonly allow: boolean;
}

/** A minute is too short for large graphs, and nobody waits an hour at a terminal. */
const timeLimitSeconds = { min: 5, max: 3600 } as const;

function url(written: string | undefined, name: string, problems: string[]): string | null {
  if (written === undefined || written === "") return null;
  const parsed = httpUrl.schema.safeParse(written);
  if (parsed.success) return parsed.data;
  problems.push(`${name}: not allowed; allowed: ${httpUrl.allowed}`);
  return null;
}

function timeLimitMs(written: string | undefined, problems: string[]): number {
  if (written === undefined) return defaultTimeLimitMs;
  const seconds = Number(written);
  if (Number.isInteger(seconds) && seconds >= timeLimitSeconds.min && seconds <= timeLimitSeconds.max) return seconds * 1000;
  problems.push(`--time-limit: must be whole seconds from ${timeLimitSeconds.min} to ${timeLimitSeconds.max}`);
  return defaultTimeLimitMs;
}

/** The arguments, or null after every problem of them was printed. */
export function readGenerateArguments(argv: readonly string[], { env, complain }: Pick<Surroundings, "env" | "complain">): GenerateArguments | null {
  const kinds = ["catalog", "manager", "verify", "model", "time-limit"].map((name) => ({ name }));
  const { values, switches, positionals, problems } = readFlags(argv, kinds, ["offline", "dry-run", "json", "force", "update", "allow"], "generate");
  const found = problems.map(({ setting, message }) => `${setting}: ${message}`);
  const [file, out, ...more] = positionals;
  if (file === undefined) found.push("name the file that was saved from ComfyUI: `comfyui-api generate workflow.json workflows/qwen/txt2img.ts`");
  if (more.length > 0) found.push(`${more.join(" ")}: unexpected argument`);
  const destination = out === undefined ? null : readDestination(out);
  if (destination !== null && "problem" in destination) found.push(destination.problem);
  if (switches.has("update") && out === undefined) found.push("--update: name the module that is to be updated, after the export");
  const verify = url(values.get("verify"), "--verify", found);
  const baseUrl = url(env["OPENROUTER_BASE_URL"], "OPENROUTER_BASE_URL", found) ?? defaultBaseUrl;
  const appUrl = url(env["OPENROUTER_APP_URL"], "OPENROUTER_APP_URL", found) ?? defaultAppUrl;
  const limit = timeLimitMs(values.get("time-limit"), found);
  if (found.length > 0 || file === undefined || (destination !== null && "problem" in destination)) {
    complain(found.map((line) => `${line}\n`).join(""));
    return null;
  }
  const apiKey = env["OPENROUTER_API_KEY"]?.trim() ?? "";
  const offline = switches.has("offline");
  const models = modelsOf(values.get("model") ?? env["OPENROUTER_MODEL"] ?? null);
  return {
    file,
    destination,
    catalog: values.get("catalog") ?? null,
    manager: values.get("manager") ?? null,
    verify,
    openRouter: offline || apiKey === "" ? null : { baseUrl: baseUrl.replace(/\/+$/, ""), apiKey, appUrl, models, timeLimitMs: limit },
    offline,
    dryRun: switches.has("dry-run"),
    json: switches.has("json"),
    force: switches.has("force"),
    update: switches.has("update"),
    allow: switches.has("allow"),
  };
}
