import { jobStatuses, type JobStatus } from "./job.ts";

/** The state machine of a job, whole: which status may follow which. A finished job never changes again. */
const transitions: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  // A queued job can finish without running: ComfyUI refuses its graph, or it is called off.
  queued: ["running", "completed", "failed", "cancelled"],
  // Back to queued when its attempt is lost or given back.
  running: ["queued", "completed", "failed", "cancelled"],
  completed: [],
  failed: [],
  cancelled: [],
};

/** The statuses from which `to` can be reached, for a store's WHERE clause. */
export function sourcesOf(to: JobStatus): readonly JobStatus[] {
  return jobStatuses.filter((from) => transitions[from].includes(to));
}
