import { z } from "zod";

/** What a workflow module exports (docs/workflows.md). */
export interface WorkflowModule {
  readonly RequestSchema: z.core.$ZodObject;
  readonly generateWorkflow: (input: object) => unknown;
  readonly summary: string;
  readonly description: string;
  readonly metadata: { readonly requiredNodes: string[]; readonly requiredModels: string[]; readonly modelSources: Record<string, string> };
}

function isZodObject(value: unknown): value is z.core.$ZodObject {
  return value instanceof z.core.$ZodObject;
}

function isFunction(value: unknown): value is (input: object) => unknown {
  return typeof value === "function";
}

function schemaFault(value: unknown): string {
  if (value === undefined) return "is missing: export a zod object schema, z.object({ … })";
  if (value instanceof z.core.$ZodType) return `must be a plain z.object({ … }), but is a zod ${value._zod.def.type}; move .transform() and the like onto its fields`;
  if (typeof value === "object" && value !== null && "_def" in value) return "comes from an older zod: it must be a zod 4 object schema";
  return "must be a zod object schema, z.object({ … })";
}

const needed = (what: string) => (issue: { readonly input?: unknown }) => (issue.input === undefined ? `is missing: ${what}` : `must be ${what}`);

const names = (what: string) => z.array(z.string({ error: "must be text" }).min(1, { error: "must not be empty" }), { error: needed(what) });

const contractSchema = z.object({
  RequestSchema: z.custom<z.core.$ZodObject>(isZodObject, { error: (issue) => schemaFault(issue.input) }),
  generateWorkflow: z.custom<(input: object) => unknown>(isFunction, {
    error: needed("a function from the parsed inputs to a graph"),
  }),
  summary: z.string({ error: needed("a short line of text") }).trim().min(1, { error: "must not be empty" }),
  description: z.string({ error: needed("text that tells a caller what the workflow does") }).trim().min(1, { error: "must not be empty" }),
  metadata: z.looseObject(
    {
      requiredNodes: names("a list of the node classes the graph uses"),
      requiredModels: names("a list of the model files the graph loads"),
      modelSources: z.record(z.string(), z.url({ error: "must be an address such as https://…" }), {
        error: needed("an object from model file to the address it can be downloaded from"),
      }),
    },
    { error: needed("an object with requiredNodes, requiredModels and modelSources") },
  ),
});

/** The module's own value: `export default`, or the exports themselves where there is no default (CommonJS). */
function contractOf(module: unknown): unknown {
  if (typeof module !== "object" || module === null) return module;
  return "default" in module && module.default !== undefined ? module.default : module;
}

/** A module that keeps the contract, or everything it lacks, one sentence each. */
export function readModule(module: unknown): { readonly module: WorkflowModule } | { readonly problems: readonly string[] } {
  const value = contractOf(module);
  if (typeof value !== "object" || value === null) {
    return { problems: ["The module must export an object with RequestSchema, generateWorkflow, summary, description and metadata as its default"] };
  }
  const parsed = contractSchema.safeParse(value);
  if (parsed.success) return { module: parsed.data };
  return { problems: parsed.error.issues.map((issue) => `${issue.path.map(String).join(".")} ${issue.message}`) };
}
