import type { Route } from "../route.ts";
import { cancelJob } from "./cancel-job.ts";
import { docs, docsFile, home, openApi } from "./docs.ts";
import { jobEvents } from "./events.ts";
import { getFile, uploadFile } from "./files.ts";
import { health, ready } from "./health.ts";
import { getJob, listJobs, runGraph } from "./jobs.ts";
import { metrics } from "./metrics.ts";
import { models } from "./models.ts";
import { getOutput, listOutputs } from "./outputs.ts";
import { redeliverWebhook } from "./redeliver-webhook.ts";
import { status } from "./status.ts";
import { stream } from "./stream.ts";
import { describeWorkflow, listWorkflows, makeGraph } from "./workflows.ts";

/** Every route with a path of its own, in the order of the docs. Workflow paths are looked up instead. */
export const routes: readonly Route[] = [
  runGraph,
  listJobs,
  getJob,
  cancelJob,
  jobEvents,
  stream,
  redeliverWebhook,
  getOutput,
  listOutputs,
  listWorkflows,
  makeGraph,
  describeWorkflow,
  models,
  uploadFile,
  getFile,
  health,
  ready,
  metrics,
  status,
  docs,
  docsFile,
  openApi,
  home,
];
