import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../../config/config.ts";
import { discoverWorkflows, type DiscoveredWorkflows } from "../../workflow/discover.ts";
import { discoverFile } from "../../workflow/discovery.ts";
import type { ExitCode, Surroundings } from "../command.ts";
import { readWorkflowArguments } from "./arguments.ts";
import { discoverAll } from "./list.ts";
import { openCatalog } from "./open-catalog.ts";

async function discoverPath(path: string, config: Config): Promise<DiscoveredWorkflows | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  const { catalog } = await openCatalog(config);
  return found.isDirectory() ? discoverWorkflows({ builtins: [], dir: path, catalog }) : discoverFile(resolve(path), catalog);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

export async function checkWorkflows(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const asked = readWorkflowArguments(argv, surroundings, { command: "workflows", switches: [] });
  if (asked === null) return 2;
  const { print, complain } = surroundings;
  const { config, positionals: paths } = asked;
  let [works, problems] = [0, 0];
  const found = paths.length === 0 ? [await discoverAll(surroundings, config)] : await Promise.all(paths.map((path) => discoverPath(path, config)));
  for (const [at, result] of found.entries()) {
    if (result === null) {
      complain(`${paths[at] ?? ""}: there is no such file or folder\n`);
      problems += 1;
      continue;
    }
    works += result.workflows.length;
    problems += result.broken.length;
    for (const id of result.shadowed) complain(`note: a file in the workflows folder replaces the built-in ${id}\n`);
    for (const { message } of result.notes) complain(`note: ${message}\n`);
    for (const { message } of result.broken) complain(`${message}\n`);
  }
  print(`${count(works, "workflow")} well, ${problems === 0 ? "no problems" : count(problems, "problem")}\n`);
  return problems === 0 ? 0 : 1;
}
