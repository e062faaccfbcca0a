import type { Config } from "../../config/config.ts";
import { discoverWorkflows, type DiscoveredWorkflows } from "../../workflow/discover.ts";
import type { ExitCode, Surroundings } from "../command.ts";
import { readWorkflowArguments } from "./arguments.ts";
import { openCatalog } from "./open-catalog.ts";

/** What the gateway would serve at its start. */
export async function discoverAll({ builtinWorkflows }: Pick<Surroundings, "builtinWorkflows">, config: Config): Promise<DiscoveredWorkflows> {
  const { catalog } = await openCatalog(config);
  const dir = config.workflowsDir === null ? {} : { dir: config.workflowsDir };
  const found = await discoverWorkflows({ builtins: builtinWorkflows, catalog, ...dir });
  return { ...found, workflows: found.workflows.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

export async function listWorkflows(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const asked = readWorkflowArguments(argv, surroundings, { command: "workflows", switches: ["json"] });
  if (asked === null) return 2;
  const { print, complain } = surroundings;
  if (asked.positionals.length > 0) {
    complain(`${asked.positionals.join(" ")}: unexpected argument\n`);
    return 2;
  }
  const { workflows, broken, shadowed } = await discoverAll(surroundings, asked.config);
  if (asked.switches.has("json")) {
    print(`${JSON.stringify({ workflows: workflows.map(({ id, summary, description }) => ({ id, summary, description })), broken, shadowed }, null, 2)}\n`);
    return broken.length === 0 ? 0 : 1;
  }
  const width = Math.max(0, ...workflows.map(({ id }) => id.length));
  print(workflows.map(({ id, summary }) => `${id.padEnd(width)}  ${summary}\n`).join(""));
  for (const id of shadowed) complain(`note: a file in the workflows folder replaces the built-in ${id}\n`);
  for (const { message } of broken) complain(`${message}\n`);
  return broken.length === 0 ? 0 : 1;
}
