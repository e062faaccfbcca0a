import { isolateOutputs } from "../graph/isolate.ts";
import type { NewJob } from "./job.ts";

/** What acceptance stores: the job's save nodes write below a folder of its own, so that no two jobs share a file name. */
export function newJob(parts: NewJob): NewJob {
  return { ...parts, graph: isolateOutputs(parts.graph, `comfyui-api/${parts.id}`) };
}
