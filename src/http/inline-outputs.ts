import { buffer } from "node:stream/consumers";
import type { FileStore } from "../files/file-store.ts";
import type { JobSummary } from "../job/job.ts";
import { viewOutput, type OutputView } from "./views/output-view.ts";

/** The outputs with their bytes as base64, in order, as long as they fit together into `maxBytes`. */
export async function inlineOutputs(job: Pick<JobSummary, "id" | "outputs">, files: FileStore, maxBytes: number): Promise<readonly OutputView[]> {
  const views: OutputView[] = [];
  let left = maxBytes;
  for (const output of job.outputs) {
    const view = viewOutput(job.id, output);
    if (output.size > left) views.push(view);
    else {
      left -= output.size;
      views.push({ ...view, data: (await buffer(await files.read(output.sha256))).toString("base64") });
    }
  }
  return views;
}
