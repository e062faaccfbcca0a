import { ConfigError } from "../config/config-error.ts";
import { loadConfig, type LoadedConfig } from "../config/load-config.ts";
import type { Surroundings } from "./command.ts";

/** The configuration, or null after every problem of it was printed. */
export function readConfiguration(
  argv: readonly string[],
  surroundings: Surroundings,
  switches: readonly string[] = [],
): LoadedConfig | null {
  const { env, readFile, workflowsBeside, complain } = surroundings;
  try {
    return loadConfig({ argv, env, readFile, workflowsBeside, switches });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.problems.map(({ setting, origin, message }) => {
      const where = origin === "command line" ? setting : `${setting} (${origin})`;
      return `  ${where}: ${message}`;
    });
    const count = lines.length === 1 ? "a problem" : `${lines.length} problems`;
    complain(`The configuration has ${count}:\n${lines.join("\n")}\n`);
    return null;
  }
}
