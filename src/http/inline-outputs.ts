import { buffer } from "node:stream/consumers";
import type { HttpDeps } from "./deps.ts";
import type { JobSummary } from "../job/job.ts";
import { viewOutput, type OutputView } from "./views/output-view.ts";

/** The outputs with their bytes as base64, in order, as long as they fit together into `maxInlineBytes`. */
export async function inlineOutputs(job: Pick<JobSummary, "id" | "outputs">, { files, limits, access }: Pick<HttpDeps, "files" | "limits" | "access">): Promise<readonly OutputView[]> {
  const views: OutputView[] = [];
  let left = limits.maxInlineBytes;
  for (const output of job.outputs) {
    const view = viewOutput(job.id, output, access.links);
    if (output.size > left) views.push(view);
    else {
      left -= output.size;
      views.push({ ...view, data: (await buffer(await files.read(output.sha256))).toString("base64") });
    }
  }
  return views;
}
