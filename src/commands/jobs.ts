import type { Command } from "./command.ts";
import { gatewayHelp } from "./jobs/arguments.ts";
import { cancelJob } from "./jobs/cancel.ts";
import { GatewayRefusal, GatewayUnreachable } from "./jobs/gateway-client.ts";
import { listJobs } from "./jobs/list.ts";
import { showJob } from "./jobs/show.ts";
import { watchJobs } from "./jobs/watch.ts";
import { runVerb, type Verbs } from "./verbs.ts";

const verbs: Verbs = new Map([
  ["list", listJobs],
  ["show", showJob],
  ["watch", watchJobs],
  ["cancel", cancelJob],
]);

/** Looks at, watches and cancels the jobs of a running gateway. */
export const jobs: Command = {
  name: "jobs",
  summary: "List, show, watch and cancel the jobs of a running gateway",

  help: () => `Usage: comfyui-api jobs list [--status=VALUE] [--workflow=VALUE] [--limit=N]
       comfyui-api jobs show ID
       comfyui-api jobs watch ID [ID ...]
       comfyui-api jobs cancel ID

\`list\` shows the newest jobs, 20 unless --limit says otherwise (up to 200); --status is queued, running,
completed, failed or cancelled. \`watch\` follows jobs to their end, also while the gateway restarts, with a
bar for each on a terminal; with --json it prints each event as a line of JSON. It ends with 0 when all
have completed and 1 when one failed or was cancelled; Ctrl-C ends the watching and leaves the jobs alone.
\`cancel\` ends with 0 when the job is cancelled, and with 1 and the reason when it is not.

${gatewayHelp}`,

  async run(argv, surroundings) {
    try {
      return await runVerb("jobs", verbs, argv, surroundings);
    } catch (error) {
      if (surroundings.stopAsked.aborted) return 130;
      if (!(error instanceof GatewayRefusal || error instanceof GatewayUnreachable)) throw error;
      surroundings.complain(`${error.message}${advice(error)}\n`);
      return 1;
    }
  },
};

/** What would help, where the gateway cannot know that a person with this command asks. */
function advice(error: GatewayRefusal | GatewayUnreachable): string {
  if (error instanceof GatewayUnreachable) return " Is it running? --url or COMFYUI_API_URL names another.";
  if (error.status === 401) return " COMFYUI_API_KEY or --api-key gives the key; `comfyui-api keys` on the gateway's machine makes one and lists those there are.";
  if (error.code === "not_permitted") return " COMFYUI_API_KEY or --api-key gives another; `comfyui-api keys create NAME --scopes=…` on the gateway's machine makes one.";
  if (error.status === 403 && error.code === null) return " Does something else stand between, such as a proxy? --url names the gateway itself.";
  return "";
}
