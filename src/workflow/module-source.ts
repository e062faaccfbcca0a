import { z } from "zod";
import { AppError, type FieldError } from "../errors/app-error.ts";
import { parseGraph, type Graph } from "../graph/graph.ts";
import type { JsonObject, JsonValue } from "../json/exact.ts";
import { defaultsOf, exampleOf } from "./example.ts";
import { fileFieldsOf } from "./file-fields.ts";
import { faultsOfIssues, unknownFields } from "./input-faults.ts";
import { inputSchemaOf } from "./input-schema.ts";
import { isJsonObject, isJsonValue, setAt, valueAt } from "./json-value.ts";
import { readModule, type WorkflowModule } from "./module-contract.ts";
import { drawRange, seedFieldsOf, withOptionalSeeds } from "./seed-fields.ts";
import type { Workflow } from "./workflow.ts";

export type ModuleResult = { readonly workflow: Workflow } | { readonly problems: readonly string[] };

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function invalidInput(errors: readonly FieldError[]): AppError {
  const [first] = errors;
  const where = first === undefined || first.pointer === "" ? "" : `${first.pointer}: `;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : "";
  return new AppError("invalid_input", `${where}${first?.message ?? "The inputs are not valid."}${more}`, { errors });
}

function moduleFailed(id: string, what: string, cause?: unknown): AppError {
  return new AppError("workflow_failed", `The workflow ${id} ${what}`, { cause });
}

function requireObject(inputs: unknown): JsonObject {
  if (isJsonValue(inputs) && isJsonObject(inputs)) return inputs;
  throw invalidInput([{ pointer: "", message: "The inputs must be a JSON object of the workflow's fields." }]);
}

/** `z.bigint()` takes no `number`, but JSON has one kind of integer: where a bigint is expected, one is made. */
function withBigInts(inputs: JsonObject, issues: readonly z.core.$ZodIssue[]): JsonObject {
  let changed: JsonValue = inputs;
  for (const issue of issues) {
    const value = valueAt(inputs, issue.path);
    if (issue.code !== "invalid_type" || issue.expected !== "bigint" || typeof value !== "number" || !Number.isSafeInteger(value)) continue;
    changed = setAt(changed, issue.path.map(String), BigInt(value));
  }
  return isJsonObject(changed) ? changed : inputs;
}

class InputParser {
  readonly #id: string;
  readonly #schema: z.core.$ZodObject;
  readonly #inputSchema: JsonObject;
  readonly #seedFields: readonly string[];

  constructor(id: string, schema: z.core.$ZodObject, inputSchema: JsonObject, seedFields: readonly string[]) {
    this.#id = id;
    this.#schema = schema;
    this.#inputSchema = inputSchema;
    this.#seedFields = seedFields;
  }

  parse(inputs: unknown): JsonObject {
    const given = requireObject(inputs);
    const absent = this.#seedFields.filter((field) => given[field] === undefined);
    // A module may declare its seed as required: a stand-in satisfies it here and is taken out again.
    const complete = { ...given, ...Object.fromEntries(absent.map((field) => [field, this.#standIn(field)])) };
    const unknown = unknownFields(this.#inputSchema, given);
    let result = this.#check(complete);
    if (!result.success) {
      const widened = withBigInts(complete, result.error.issues);
      if (widened !== complete) result = this.#check(widened);
    }
    if (!result.success) throw invalidInput(faultsOfIssues(result.error.issues, complete, unknown));
    if (unknown.length > 0) throw invalidInput(faultsOfIssues([], complete, unknown));
    const { data } = result;
    if (!isJsonValue(data) || !isJsonObject(data)) throw moduleFailed(this.#id, "turns its inputs into something that JSON cannot hold.");
    return Object.fromEntries(Object.entries(data).filter(([field, value]) => value !== undefined && !absent.includes(field)));
  }

  #standIn(field: string): number | bigint {
    const value = drawRange(this.#inputSchema, field).min;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #check(inputs: JsonObject): z.core.util.SafeParseResult<unknown> {
    try {
      return z.core.safeParse(this.#schema, inputs);
    } catch (error) {
      const reason = error instanceof z.core.$ZodAsyncError ? "checks its inputs asynchronously, which is not supported." : "failed while it checked the inputs.";
      throw moduleFailed(this.#id, reason, error);
    }
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function generate(id: string, module: WorkflowModule, inputs: JsonObject): Graph {
  let graph: unknown;
  try {
    // A copy: a module that changes its input must not change what the job records.
    graph = module.generateWorkflow(structuredClone(inputs));
  } catch (error) {
    throw moduleFailed(id, "failed while it made its graph. The log has the cause.", error);
  }
  if (isThenable(graph)) {
    // Nobody waits for it; its failure must not end the process.
    void Promise.resolve(graph).catch(() => undefined);
    throw moduleFailed(id, "returned a promise: generateWorkflow must not be async.");
  }
  try {
    return parseGraph(graph);
  } catch (error) {
    const fault = error instanceof AppError ? error.errors[0] : undefined;
    throw moduleFailed(id, `made no valid graph${fault === undefined ? "." : `: ${fault.message}${fault.pointer === "" ? "" : ` (at ${fault.pointer})`}.`}`, error);
  }
}

/** The schema and what is read from it. Throws in words for the author. */
function describeInputs(schema: z.core.$ZodObject): Pick<Workflow, "inputSchema" | "defaults" | "example" | "fileFields" | "seedFields"> {
  const described = inputSchemaOf(schema);
  const seedFields = seedFieldsOf(described);
  const inputSchema = withOptionalSeeds(described, seedFields);
  return { inputSchema, seedFields, fileFields: fileFieldsOf(inputSchema), defaults: defaultsOf(inputSchema), example: exampleOf(inputSchema) };
}

/**
 * A workflow made of a module's exports (docs/workflows.md), or everything that keeps it from being one, each a
 * sentence for its author.
 */
export function workflowFromModule(id: string, exports: unknown): ModuleResult {
  const read = readModule(exports);
  if ("problems" in read) return read;
  const { module } = read;
  let described: ReturnType<typeof describeInputs>;
  try {
    described = describeInputs(module.RequestSchema);
  } catch (error) {
    return { problems: [`RequestSchema cannot be described to callers: ${messageOf(error)}`] };
  }
  const parser = new InputParser(id, module.RequestSchema, described.inputSchema, described.seedFields);
  return {
    workflow: {
      id,
      summary: module.summary,
      description: module.description,
      metadata: module.metadata,
      ...described,
      parse: (inputs) => parser.parse(inputs),
      generate: (inputs) => generate(id, module, inputs),
    },
  };
}
