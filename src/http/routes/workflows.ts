import { createRoute, z } from "@hono/zod-openapi";
import { prepareRun } from "../../workflow/prepare.ts";
import { jsonAnswer } from "../answer.ts";
import { readInputs } from "../body/inputs.ts";
import { json, problems } from "../declared-responses.ts";
import { fileResolver } from "../file-inputs.ts";
import { findWorkflow } from "../find-workflow.ts";
import { noQuery, readQuery } from "../query.ts";
import { pathParam, type Route } from "../route.ts";
import { GraphAnswerSchema, viewSummary, viewWorkflow, WorkflowListSchema, WorkflowSchema } from "../views/workflow-view.ts";
import { inputErrors } from "./input-errors.ts";

const params = z.object({
  family: z.string().openapi({ description: "First segment of the workflow's id" }),
  name: z.string().openapi({ description: "The rest of it; ids with more segments take more of them" }),
});

export const listWorkflows: Route = {
  needs: "read",
  pattern: "/v1/workflows",
  config: createRoute({
    method: "get",
    path: "/v1/workflows",
    operationId: "list_workflows",
    tags: ["workflows"],
    summary: "All workflows, and the files that did not become one",
    responses: { 200: json("By id", WorkflowListSchema), ...problems("invalid_query") },
  }),
  handle(c, { workflows }) {
    readQuery(c, noQuery);
    return jsonAnswer(200, { workflows: workflows.list().map(viewSummary), broken: workflows.broken() });
  },
};

export const describeWorkflow: Route = {
  needs: "read",
  pattern: "/v1/workflows/:id{.+}",
  config: createRoute({
    method: "get",
    path: "/v1/workflows/{family}/{name}",
    operationId: "describe_workflow",
    tags: ["workflows"],
    summary: "Schema, defaults, example and metadata of a workflow",
    request: { params },
    responses: { 200: json("The workflow", WorkflowSchema), ...problems("workflow_not_found", "invalid_query") },
  }),
  handle(c, { workflows }) {
    readQuery(c, noQuery);
    return jsonAnswer(200, viewWorkflow(findWorkflow(workflows, pathParam(c, "id")), new URL(c.req.url).origin));
  },
};

export const makeGraph: Route = {
  needs: "run",
  // The router takes no pattern that goes on behind a parameter of many segments: the last one is part of it.
  pattern: "/v1/workflows/:id{.+/graph}",
  config: createRoute({
    method: "post",
    path: "/v1/workflows/{family}/{name}/graph",
    operationId: "make_graph",
    tags: ["workflows"],
    summary: "Validate inputs and see the graph, without running it",
    request: { params, body: { content: { "application/json": { schema: z.record(z.string(), z.unknown()) } } } },
    responses: { 200: json("The graph and the inputs it was made from", GraphAnswerSchema), ...problems("workflow_not_found", ...inputErrors) },
  }),
  async handle(c, deps) {
    readQuery(c, noQuery);
    const workflow = findWorkflow(deps.workflows, pathParam(c, "id").replace(/\/graph$/, ""));
    const body = await readInputs(c.req.raw, workflow.inputSchema, deps);
    const { inputs, graph } = await prepareRun(workflow, body, { resolveFile: fileResolver(deps, c.req.raw.signal), drawSeed: deps.drawSeed });
    return jsonAnswer(200, { inputs, graph });
  },
};
