import { CatalogFault } from "../catalog/catalog-fault.ts";
import type { Command } from "./command.ts";
import { runVerb, type Verbs } from "./verbs.ts";
import { catalogFlagsHelp } from "./workflows/arguments.ts";
import { checkWorkflows } from "./workflows/check.ts";
import { listWorkflows } from "./workflows/list.ts";
import { showWorkflow } from "./workflows/show.ts";

const verbs: Verbs = new Map([
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
    try {
      return await runVerb("workflows", verbs, argv, surroundings);
    } catch (error) {
      if (!(error instanceof CatalogFault)) throw error;
      surroundings.complain(`${error.message}\n`);
      return 1;
    }
  },
};
