import { AppError } from "../../errors/app-error.ts";
import { prepareRun } from "../../workflow/prepare.ts";
import type { Workflow } from "../../workflow/workflow.ts";
import { acceptRun, type RunDeps } from "../accept-run.ts";
import { jsonAnswer } from "../answer.ts";
import { readInputs } from "../body/inputs.ts";
import { isMultipart } from "../body/multipart.ts";
import { fileResolver } from "../file-inputs.ts";
import { findWorkflow } from "../find-workflow.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { noQuery, readQuery } from "../query.ts";
import type { HttpContext } from "../route.ts";
import { viewWorkflow } from "../views/workflow-view.ts";

function describe(c: HttpContext, workflow: Workflow): Response {
  readQuery(c, noQuery);
  return jsonAnswer(200, viewWorkflow(workflow, new URL(c.req.url).origin));
}

function run(c: HttpContext, deps: RunDeps, workflow: Workflow): Promise<Response> {
  return acceptRun(c, deps, {
    workflow: workflow.id,
    mayBringFiles: workflow.fileFields.length > 0 || isMultipart(c.req.raw),
    readBody: () => readInputs(c.req.raw, workflow.inputSchema, deps),
    prepare: (body) => prepareRun(workflow, body, { resolveFile: fileResolver(deps, c.req.raw.signal), drawSeed: deps.drawSeed }),
  });
}

/** First segments that name no workflow: there the path is wrong, not the workflow's name. */
const ownSegments = /^(v1|docs|health|ready|metrics|openapi\.json)$/;

/** `/{family}/{name}` and deeper: whatever no other route takes. The workflows are looked up at each request, so that they can change. */
export function atWorkflowPath(c: HttpContext, deps: RunDeps): Response | Promise<Response> {
  const segments = c.req.path.slice(1).split("/");
  if (segments.length < 2 || segments.includes("") || ownSegments.test(segments[0] ?? "")) {
    throw new AppError("route_not_found", "Nothing is served here. GET /docs shows what is.");
  }
  const workflow = findWorkflow(deps.workflows, segments.join("/"));
  c.set("route", "/{family}/{name}");
  c.set("workflow", workflow.id);
  switch (c.req.method) {
    case "GET":
    case "HEAD":
      return describe(c, workflow);
    case "POST":
      return run(c, deps, workflow);
    default:
      return methodNotAllowed(c, ["GET", "POST"]);
  }
}
