import { stringifyJson } from "../../json/exact.ts";
import type { ExitCode, Surroundings } from "../command.ts";
import { readJobsArguments } from "./arguments.ts";
import { GatewayClient } from "./gateway-client.ts";
import { readPage } from "./job-seen.ts";
import { jobTable } from "./job-text.ts";

/** What a terminal shows at once. */
const defaultLimit = "20";

/** The newest jobs, as a table. */
export async function listJobs(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const asked = readJobsArguments(argv, surroundings, { flags: ["status", "workflow", "limit"], ids: "none" });
  if (asked === null) return 2;
  const query = new URLSearchParams({ limit: asked.values.get("limit") ?? defaultLimit });
  for (const name of ["status", "workflow"]) {
    const value = asked.values.get(name);
    if (value !== undefined) query.set(name, value);
  }
  const { body } = await new GatewayClient(asked, surroundings.stopAsked).get(`/v1/jobs?${query.toString()}`);
  const page = readPage(body);
  if (asked.json) {
    surroundings.print(`${stringifyJson(page, 2)}\n`);
    return 0;
  }
  surroundings.print(page.jobs.length === 0 ? "No jobs.\n" : jobTable(page.jobs, surroundings.clock.now()));
  if (page.next_cursor !== null) surroundings.print("There are older ones: --limit shows up to 200.\n");
  return 0;
}
