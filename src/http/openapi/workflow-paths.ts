import type { ErrorCode } from "../../errors/table.ts";
import type { JsonObject } from "../../json/exact.ts";
import type { Workflow } from "../../workflow/workflow.ts";
import { statusesOf } from "../declared-responses.ts";
import { acceptErrors, inputErrors, runErrors } from "../routes/input-errors.ts";
import { workflowPath } from "../views/paths.ts";
import { operationNames } from "./operation-ids.ts";
import { componentSchema, formSchema } from "./workflow-schema.ts";

/** What every run shares, taken from the operation that runs a raw graph. */
export interface RunParts {
  readonly parameters: object;
  readonly accepted: object;
}

export interface WorkflowPaths {
  readonly paths: Readonly<Record<string, object>>;
  readonly schemas: Readonly<Record<string, JsonObject>>;
}

function problems(codes: readonly ErrorCode[]): object {
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return Object.fromEntries([...statusesOf(codes)].map(([status, declared]) => [status, { ...declared, content }]));
}

/** A form whose files are left for the reader to choose: a `data:` URI is no example of a part. */
function formContent(workflow: Workflow, form: JsonObject): object {
  const files = new Set(workflow.fileFields.map(({ path }) => path[0]));
  const example = Object.fromEntries(Object.entries(workflow.example).filter(([name]) => !files.has(name)));
  return { "multipart/form-data": { schema: form, example } };
}

function requestBody(workflow: Workflow, component: string, schema: JsonObject): object {
  const form = formSchema(workflow, schema);
  const required = Array.isArray(schema["required"]) && schema["required"].length > 0;
  return {
    required,
    content: {
      "application/json": { schema: { $ref: `#/components/schemas/${component}` }, example: workflow.example },
      ...(form === null ? {} : formContent(workflow, form)),
    },
  };
}

/** The operations of all workflows. */
export function workflowPaths(workflows: readonly Workflow[], { parameters, accepted }: RunParts): WorkflowPaths {
  const names = operationNames(workflows.map(({ id }) => id));
  const runProblems = problems([...inputErrors, ...acceptErrors, ...runErrors]);
  const describeProblems = problems(["invalid_query"]);
  const described = { description: "The workflow", content: { "application/json": { schema: { $ref: "#/components/schemas/Workflow" } } } };
  const paths: Record<string, object> = {};
  const schemas: Record<string, JsonObject> = {};
  for (const workflow of workflows) {
    const name = names.get(workflow.id) ?? workflow.id;
    const component = `${name}_inputs`;
    const schema = componentSchema(workflow, component);
    schemas[component] = schema;
    const shared = { tags: [workflow.id.split("/")[0]], summary: workflow.summary };
    paths[workflowPath(workflow.id)] = {
      post: {
        operationId: `run_${name}`,
        ...shared,
        description: workflow.description,
        parameters,
        requestBody: requestBody(workflow, component, schema),
        responses: { ...accepted, ...runProblems },
      },
      get: { operationId: `describe_${name}`, ...shared, summary: `About: ${workflow.summary}`, responses: { 200: described, ...describeProblems } },
    };
  }
  return { paths, schemas };
}
