import type { Config } from "../../config/config.ts";
import { readFlags } from "../../config/read-flags.ts";
import type { Surroundings } from "../command.ts";
import { readConfiguration } from "../configuration.ts";

/** Settings of the gateway that say which workflows and which catalog it has. */
const shared = ["workflows-dir", "catalog", "data-dir", "config"] as const;

export const catalogFlagsHelp = `  --catalog=FILE
      What /object_info of the ComfyUI that is meant answers (.json or .json.gz). Environment: CATALOG.
      Default: what the gateway has kept of its ComfyUI in the data directory, else the core nodes.
  --data-dir=VALUE
      The gateway's data directory. Environment: DATA_DIR. Default: ./data.
`;

export interface WorkflowArguments {
  /** As the gateway would have it. */
  readonly config: Config;
  readonly positionals: readonly string[];
  readonly switches: ReadonlySet<string>;
}

/** The arguments of `convert` or one of the `workflows` commands, or null after every problem of them was printed. */
export function readWorkflowArguments(
  argv: readonly string[],
  surroundings: Surroundings,
  expects: { readonly command: string; readonly switches: readonly string[] },
): WorkflowArguments | null {
  const flags = readFlags(argv, shared.map((name) => ({ name })), expects.switches, expects.command);
  if (flags.problems.length > 0) {
    surroundings.complain(flags.problems.map(({ setting, message }) => `${setting}: ${message}\n`).join(""));
    return null;
  }
  const loaded = readConfiguration([...flags.values].map(([name, value]) => `--${name}=${value}`), surroundings);
  return loaded === null ? null : { config: loaded.config, positionals: flags.positionals, switches: flags.switches };
}
