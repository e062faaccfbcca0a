import { stringifyJson } from "../../json/exact.ts";
import type { ExitCode, Surroundings } from "../command.ts";
import { readJobsArguments } from "./arguments.ts";
import { GatewayClient } from "./gateway-client.ts";
import { jobPath, readJob } from "./job-seen.ts";
import { jobDetails } from "./job-text.ts";

/** One job, whole. */
export async function showJob(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const asked = readJobsArguments(argv, surroundings, { flags: [], ids: "one" });
  if (asked === null) return 2;
  const { body } = await new GatewayClient(asked, surroundings.stopAsked).get(jobPath(asked.positionals[0] ?? ""));
  const job = readJob(body);
  surroundings.print(asked.json ? `${stringifyJson(job, 2)}\n` : jobDetails(job, asked.url));
  return 0;
}
