import { stringifyJson } from "../../json/exact.ts";
import type { ExitCode, Surroundings } from "../command.ts";
import { readJobsArguments } from "./arguments.ts";
import { isTerminal } from "./follow-events.ts";
import { GatewayClient } from "./gateway-client.ts";
import { type JobSeen, jobPath, readJob } from "./job-seen.ts";
import { plain } from "./job-text.ts";
import { pause } from "./pause.ts";

/** A node that does not look at interrupts can take minutes to its end; the gateway goes on waiting for it in any case. */
const patienceMs = 60_000;
const askAgainMs = 1_000;

/** Calls a job off. 0 when it is cancelled at the end, 1 when it is not. */
export async function cancelJob(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const asked = readJobsArguments(argv, surroundings, { flags: [], ids: "one" });
  if (asked === null) return 2;
  const { clock, stopAsked, print, complain } = surroundings;
  const client = new GatewayClient(asked, stopAsked);
  const path = jobPath(asked.positionals[0] ?? "");
  let job = readJob((await client.delete(path)).body);
  const until = clock.now() + patienceMs;
  while (!isTerminal(job.status) && clock.now() < until) {
    await pause(clock, askAgainMs, stopAsked);
    job = readJob((await client.get(path)).body);
  }
  if (asked.json) print(`${stringifyJson(job, 2)}\n`);
  if (job.status === "cancelled") {
    if (!asked.json) print(`The job is cancelled.\n${job.warnings.map(({ message }) => `  ${plain(message)}\n`).join("")}`);
    return 0;
  }
  complain(`${why(job)}\n`);
  return 1;
}

function why(job: JobSeen): string {
  if (isTerminal(job.status)) return `The job was ${job.status} before it could be cancelled.`;
  return "The job is still running: its node has not looked at the interrupt yet. The gateway goes on trying.";
}
