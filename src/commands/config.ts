import type { EffectiveSetting } from "../config/load-config.ts";
import type { Command } from "./command.ts";
import { readConfiguration } from "./configuration.ts";

/** Shows what the gateway would run with. */
export const config: Command = {
  name: "config",
  summary: "Show every setting as it takes effect, and where its value comes from",

  help: () => `Usage: comfyui-api config [--json] [--name=VALUE ...]

Reads flags, environment and file as \`serve\` does, and prints the outcome with secrets hidden.

  --json
      Print one JSON object: {"port": {"value": 3000, "source": "default"}, ...}
`,

  run(argv, surroundings) {
    const loaded = readConfiguration(argv, surroundings, ["json"]);
    if (loaded === null) return Promise.resolve(2);
    surroundings.print(loaded.switches.has("json") ? asJson(loaded.effective) : asText(loaded.effective));
    return Promise.resolve(0);
  },
};

function asJson(effective: readonly EffectiveSetting[]): string {
  return `${JSON.stringify(Object.fromEntries(effective.map(({ name, value, source }) => [name, { value, source }])), null, 2)}\n`;
}

function asText(effective: readonly EffectiveSetting[]): string {
  const rows = effective.map(({ name, value, source }) => [name, value === null ? "(not set)" : String(value), source] as const);
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const valueWidth = Math.max(...rows.map(([, value]) => value.length));
  return rows.map(([name, value, source]) => `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source}\n`).join("");
}
