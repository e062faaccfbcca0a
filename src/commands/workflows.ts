import { CatalogFault } from "../catalog/catalog-fault.ts";
import { nearestName } from "../errors/nearest-name.ts";
import type { Command, ExitCode, Surroundings } from "./command.ts";
import { catalogFlagsHelp } from "./workflows/arguments.ts";
import { checkWorkflows } from "./workflows/check.ts";
import { listWorkflows } from "./workflows/list.ts";
import { showWorkflow } from "./workflows/show.ts";

type Run = (argv: readonly string[], surroundings: Surroundings) => Promise<ExitCode>;

const verbs: ReadonlyMap<string, Run> = new Map([
  ["list", listWorkflows],
  ["check", checkWorkflows],
  ["show", showWorkflow],
]);

/** Looks at workflow files as the gateway would, without one. */
export const workflows: Command = {
  name: "workflows",
  summary: "List, check and show workflows, as the gateway would serve them",

  help: () => `Usage: comfyui-api workflows list [--json]
       comfyui-api workflows check [PATH ...]
       comfyui-api workflows show ID [--json]

\`list\` names every workflow, built in and in the workflows folder. \`check\` names everything that keeps a
file from being one, with file and line, and what its author had better know; PATH is a file, or a folder
of families of workflows, and without one the gateway's own are checked. \`show\` tells what a workflow
takes, which inputs of the graph each field sets, and what it needs to run.

  --json
      Print JSON, for other programs.
  --workflows-dir=VALUE
      The folder with your workflows. Environment: WORKFLOWS_DIR.
${catalogFlagsHelp}
Exit codes: 0 all is well, 1 there are problems or no such workflow, 2 wrong use.
`,

  async run(argv, surroundings) {
    const [verb] = argv;
    const run = verbs.get(verb ?? "");
    if (run === undefined) {
      surroundings.complain(unknownVerb(verb));
      return 2;
    }
    try {
      return await run(argv.slice(1), surroundings);
    } catch (error) {
      if (!(error instanceof CatalogFault)) throw error;
      surroundings.complain(`${error.message}\n`);
      return 1;
    }
  },
};

function unknownVerb(verb: string | undefined): string {
  const names = [...verbs.keys()];
  if (verb === undefined) return `Say what to do: comfyui-api workflows ${names.join("|")}.\n`;
  const meant = nearestName(verb, names);
  return `There is no command \`workflows ${verb}\`. ${meant === null ? `There are: ${names.join(", ")}.` : `Did you mean \`workflows ${meant}\`?`}\n`;
}
