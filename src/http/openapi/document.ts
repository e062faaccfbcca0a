import { OpenAPIHono, z } from "@hono/zod-openapi";
import { stringifyJson } from "../../json/exact.ts";
import type { WorkflowRegistry } from "../../workflow/registry.ts";
import type { Workflow } from "../../workflow/workflow.ts";
import { routes } from "../routes/all.ts";
import { jobFinished } from "./webhook.ts";
import { workflowPaths } from "./workflow-paths.ts";

const description = `Every ComfyUI workflow of this gateway is an endpoint: POST its inputs, get the job or the picture.
Errors are \`application/problem+json\` with a \`code\`. Numbers may be whole up to 2^64 − 1 (seeds) and are kept exact.`;

const gatewayTags = [
  { name: "jobs", description: "Accepted requests and what came of them" },
  { name: "workflows", description: "The endpoints there are" },
  { name: "files", description: "Input files" },
  { name: "gateway", description: "Health and these docs" },
];

const keyNote = "Where the gateway has API keys. `comfyui-api keys create` makes one; either header will do.";

type StaticDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

function staticDocument(version: string): StaticDocument {
  const app = new OpenAPIHono();
  for (const { config } of routes) if (config.hide !== true) app.openAPIRegistry.registerPath(config);
  app.openAPIRegistry.registerWebhook(jobFinished);
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", { type: "apiKey", in: "header", name: "X-API-Key", description: keyNote });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer", description: keyNote });
  return app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "comfyui-api", version, description }, servers: [{ url: "/" }], security: [{}, { apiKey: [] }, { bearer: [] }] });
}

/** What every run shares with the run of a raw graph: its parameters, and how it is answered when it was accepted. */
const runOperation = z.object({
  parameters: z.array(z.looseObject({})),
  responses: z.object({ "200": z.looseObject({}), "202": z.looseObject({}) }),
});

interface DocumentParts {
  readonly version: string;
  /** In the order they shall be shown. */
  readonly workflows: readonly Workflow[];
}

/** The text of /openapi.json (OpenAPI 3.1): the same for the same version and workflows. */
export function openApiText({ version, workflows }: DocumentParts, space?: number): string {
  const document = staticDocument(version);
  const run = runOperation.parse(document.paths?.["/v1/jobs"]?.post);
  const { paths, schemas } = workflowPaths(workflows, { parameters: run.parameters, accepted: run.responses });
  const families = [...new Set(workflows.map(({ id }) => id.split("/")[0] ?? id))];
  const whole = {
    ...document,
    tags: [...families.map((name) => ({ name })), ...gatewayTags.filter(({ name }) => !families.includes(name))],
    paths: { ...paths, ...document.paths },
    components: { ...document.components, schemas: { ...document.components?.schemas, ...schemas } },
  };
  return stringifyJson(whole, space);
}

/** Writes the document again only when the workflows have changed. */
export function cachedOpenApiText(version: string, registry: WorkflowRegistry): () => string {
  let cached: { readonly of: number; readonly text: string } | null = null;
  return () => {
    if (cached?.of !== registry.version) cached = { of: registry.version, text: openApiText({ version, workflows: registry.list() }) };
    return cached.text;
  };
}
