import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../errors/app-error.ts";
import { jobStatuses } from "../../job/job.ts";
import { checkNodes, nameFiles, readRawGraph } from "../../job/raw-graph.ts";
import { acceptRun, type RunRequest } from "../accept-run.ts";
import { jsonAnswer } from "../answer.ts";
import { readJsonBody } from "../body/json-body.ts";
import { json, problems } from "../declared-responses.ts";
import type { HttpDeps } from "../deps.ts";
import { filesOfGraph } from "../file-inputs.ts";
import { findJob, jobView, jobViews } from "../job-now.ts";
import { outputsQuery, pageQuery, readQuery, runQuery } from "../query.ts";
import { pathParam, type Route } from "../route.ts";
import { JobPageSchema, JobSchema } from "../views/job-view.ts";
import { acceptErrors, runErrors } from "./input-errors.ts";
import { runHeaderParams, runResponses } from "./run-responses.ts";
import { isJsonObject } from "../../json/exact.ts";

const GraphRequestSchema = z
  .strictObject({
    graph: z.record(z.string(), z.object({ class_type: z.string(), inputs: z.record(z.string(), z.unknown()) })),
  })
  .openapi("GraphRequest", {
    description: "A graph in ComfyUI's API format. An input that is `file:{id}` of an uploaded file becomes that file's name in ComfyUI.",
    example: { graph: { "1": { class_type: "PreviewAny", inputs: { source: "hello" } } } },
  });

/** The graph in a body `{graph}`. */
function graphOf(body: unknown): unknown {
  if (!isJsonObject(body)) throw new AppError("invalid_graph", "Send an object {\"graph\": …}.", { errors: [{ pointer: "", message: "Not an object" }] });
  const extra = Object.keys(body).find((key) => key !== "graph");
  if (extra === undefined) return body["graph"];
  const message = "Only “graph” is taken here, with ComfyUI's API format in it";
  throw new AppError("invalid_graph", `${message}.`, { errors: [{ pointer: `/${extra.slice(0, 100)}`, message }] });
}

async function prepareGraph(body: unknown, deps: HttpDeps): ReturnType<RunRequest["prepare"]> {
  const { graph, fileIds } = readRawGraph(graphOf(body));
  checkNodes(graph, deps.access.deniedNodes);
  const files = await filesOfGraph(fileIds, deps);
  return { inputs: {}, graph: files.length === 0 ? graph : nameFiles(graph, files), files, origins: {} };
}

export const runGraph: Route = {
  needs: "run",
  pattern: "/v1/jobs",
  config: createRoute({
    method: "post",
    path: "/v1/jobs",
    operationId: "run_graph",
    tags: ["jobs"],
    summary: "Run a graph in ComfyUI's API format",
    request: { query: runQuery, headers: runHeaderParams, body: { required: true, content: { "application/json": { schema: GraphRequestSchema } } } },
    responses: {
      ...runResponses,
      ...problems("invalid_json", "invalid_graph", "raw_graphs_off", "node_class_denied", "invalid_query", "invalid_file", "payload_too_large", "unsupported_media_type", "storage_failed", ...acceptErrors, ...runErrors),
    },
  }),
  handle(c, deps) {
    if (!deps.access.rawGraphs) throw new AppError("raw_graphs_off", "This gateway runs its own workflows only. GET /v1/workflows lists them.");
    return acceptRun(c, deps, {
      workflow: null,
      mayBringFiles: false,
      readBody: () => readJsonBody(c.req.raw, deps.limits.maxJsonBytes),
      prepare: (body) => prepareGraph(body, deps),
    });
  },
};

const listQuery = z.strictObject({
  status: z.enum(jobStatuses).optional(),
  workflow: z.string().min(1).optional().openapi({ description: "Id of a workflow" }),
  ...pageQuery,
});

export const listJobs: Route = {
  needs: "read",
  pattern: "/v1/jobs",
  config: createRoute({
    method: "get",
    path: "/v1/jobs",
    operationId: "list_jobs",
    tags: ["jobs"],
    summary: "Jobs, newest first",
    request: { query: listQuery },
    responses: { 200: json("A page of jobs", JobPageSchema), ...problems("invalid_query", "storage_failed") },
  }),
  async handle(c, deps) {
    const { status, workflow, limit, cursor } = readQuery(c, listQuery);
    const query = { limit, ...(status === undefined ? {} : { status }), ...(workflow === undefined ? {} : { workflow }), ...(cursor === undefined ? {} : { cursor }) };
    const page = await deps.jobs.listJobs(query);
    return jsonAnswer(200, { jobs: await jobViews(page.items, deps), next_cursor: page.nextCursor });
  },
};

const getQuery = z.strictObject({ outputs: outputsQuery });

export const getJob: Route = {
  needs: "read",
  pattern: "/v1/jobs/:id",
  config: createRoute({
    method: "get",
    path: "/v1/jobs/{id}",
    operationId: "get_job",
    tags: ["jobs"],
    summary: "A job as it is now",
    request: { params: z.object({ id: z.string() }), query: getQuery },
    responses: { 200: json("The job", JobSchema), ...problems("invalid_query", "job_not_found", "storage_failed") },
  }),
  async handle(c, deps) {
    const { outputs } = readQuery(c, getQuery);
    return jsonAnswer(200, await jobView(await findJob(deps, pathParam(c, "id")), outputs, deps));
  },
};
