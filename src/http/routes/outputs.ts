import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../errors/app-error.ts";
import { jsonAnswer } from "../answer.ts";
import { fileAnswer } from "../bytes/file-answer.ts";
import { json, problems } from "../declared-responses.ts";
import { findJob } from "../job-now.ts";
import { pageQuery, readQuery } from "../query.ts";
import { pathParam, type Route } from "../route.ts";
import { servedOutput } from "../run-answer.ts";
import { OutputPageSchema, viewOutput } from "../views/output-view.ts";
import { byteResponses, rangeHeaderParams } from "./byte-responses.ts";

const linkQuery = z.strictObject({
  expires: z.string().optional().openapi({ description: "Of a `signed_url`, as is `signature`: together they do instead of an API key" }),
  signature: z.string().optional(),
});

export const getOutput: Route = {
  needs: "read",
  takesLink: true,
  pattern: "/v1/jobs/:id/outputs/:index",
  config: createRoute({
    method: "get",
    path: "/v1/jobs/{id}/outputs/{index}",
    operationId: "get_output",
    tags: ["jobs"],
    summary: "The bytes of an output",
    request: { params: z.object({ id: z.string(), index: z.string().openapi({ description: "From 0", example: "0" }) }), query: linkQuery, headers: rangeHeaderParams },
    responses: { ...byteResponses, ...problems("invalid_query", "link_not_valid", "job_not_found", "output_not_found", "file_not_found", "range_not_satisfiable", "storage_failed") },
  }),
  async handle(c, { jobs, files }) {
    const { signature } = readQuery(c, linkQuery);
    const job = await findJob({ jobs }, pathParam(c, "id"));
    const output = job.outputs.find(({ index }) => String(index) === pathParam(c, "index"));
    if (output === undefined) throw new AppError("output_not_found", `The job is ${job.status} and has ${job.outputs.length} outputs, counted from 0.`);
    // A link is there to be shown by other pages too.
    return fileAnswer(c, files, servedOutput(output), signature === undefined ? {} : { "Cross-Origin-Resource-Policy": "cross-origin" });
  },
};

const listQuery = z.strictObject({
  job_id: z.string().min(1).optional(),
  ...pageQuery,
});

export const listOutputs: Route = {
  needs: "read",
  pattern: "/v1/outputs",
  config: createRoute({
    method: "get",
    path: "/v1/outputs",
    operationId: "list_outputs",
    tags: ["jobs"],
    summary: "Outputs of all jobs, newest job first",
    request: { query: listQuery },
    responses: { 200: json("A page of outputs", OutputPageSchema), ...problems("invalid_query", "storage_failed") },
  }),
  async handle(c, { jobs, access }) {
    const { job_id: jobId, limit, cursor } = readQuery(c, listQuery);
    const page = await jobs.listOutputs({ limit, ...(jobId === undefined ? {} : { jobId }), ...(cursor === undefined ? {} : { cursor }) });
    return jsonAnswer(200, {
      outputs: page.items.map((output) => ({ ...viewOutput(output.jobId, output, access.links), job_id: output.jobId })),
      next_cursor: page.nextCursor,
    });
  },
};
