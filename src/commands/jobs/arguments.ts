import { readFlags } from "../../config/read-flags.ts";
import { httpUrl } from "../../config/value.ts";
import type { Surroundings } from "../command.ts";

const urlVariable = "COMFYUI_API_URL";
const keyVariable = "COMFYUI_API_KEY";
const defaultUrl = "http://127.0.0.1:3000";

/** What a header can carry. */
const sendable = /^[\x21-\x7e]{1,512}$/;

export const gatewayHelp = `  --url=VALUE
      The gateway. Environment: ${urlVariable}. Default: ${defaultUrl}.
  --api-key=VALUE
      For a gateway with API keys. Environment: ${keyVariable}, which other users of this machine cannot read.
  --json
      Print JSON as the gateway sends it, for other programs.
`;

export interface JobsArguments {
  /** Of the gateway, without trailing slash. */
  readonly url: string;
  /** null: none is sent. */
  readonly apiKey: string | null;
  readonly json: boolean;
  readonly positionals: readonly string[];
  readonly values: ReadonlyMap<string, string>;
}

/**
 * The arguments of one of the `jobs` commands, or null after every problem of them was printed.
 *
 * @param flags it takes beside --url, --api-key and --json
 * @param command whose help lists them, when it is another than `jobs`
 */
export function readJobsArguments(
  argv: readonly string[],
  { env, complain }: Pick<Surroundings, "env" | "complain">,
  expects: { readonly flags: readonly string[]; readonly ids: "none" | "one" | "some"; readonly command?: string },
): JobsArguments | null {
  const kinds = ["url", "api-key", ...expects.flags].map((name) => ({ name }));
  const { values, switches, positionals, problems } = readFlags(argv, kinds, ["json"], expects.command ?? "jobs");
  const found = problems.map(({ setting, message }) => `${setting}: ${message}`);
  const written = values.get("url") ?? (env[urlVariable] || defaultUrl);
  const url = httpUrl.schema.safeParse(written);
  if (!url.success) found.push(`${values.has("url") ? "--url" : urlVariable}: not allowed; allowed: ${httpUrl.allowed}`);
  const apiKey = values.get("api-key") ?? (env[keyVariable] || null);
  // Said without the key, which a message of the platform would repeat.
  if (apiKey !== null && !sendable.test(apiKey)) found.push(`${values.has("api-key") ? "--api-key" : keyVariable}: this is no API key; one has visible characters only, up to 512`);
  if (expects.ids === "none" && positionals.length > 0) found.push(`${positionals.join(" ")}: unexpected argument`);
  if (expects.ids !== "none" && positionals.length === 0) found.push("name a job by its id; `comfyui-api jobs list` shows them");
  if (expects.ids === "one" && positionals.length > 1) found.push("name one job only");
  if (found.length > 0 || !url.success) {
    complain(found.map((line) => `${line}\n`).join(""));
    return null;
  }
  return { url: url.data, apiKey, json: switches.has("json"), positionals, values };
}
