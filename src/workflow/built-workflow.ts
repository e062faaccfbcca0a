import { z } from "zod";
import { AppError, type FieldError } from "../errors/app-error.ts";
import type { Graph } from "../graph/graph.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/exact.ts";
import { defaultsOf, exampleOf } from "./example.ts";
import { fileFieldsOf } from "./file-fields.ts";
import type { WorkflowForm } from "./form.ts";
import { faultsOfIssues, unknownFields } from "./input-faults.ts";
import { inputSchemaOf } from "./input-schema.ts";
import { isJsonValue, setAt, valueAt } from "./json-value.ts";
import { drawRange, seedFieldsOf, withOptionalSeeds } from "./seed-fields.ts";
import type { Workflow, WorkflowMetadata } from "./workflow.ts";

/** What a file of any kind comes down to. */
export interface WorkflowParts {
  readonly schema: z.core.$ZodObject;
  readonly generate: (inputs: JsonObject) => Graph;
  readonly summary: string;
  readonly description: string;
  readonly metadata: WorkflowMetadata;
  readonly form?: WorkflowForm;
}

function invalidInput(errors: readonly FieldError[]): AppError {
  const [first] = errors;
  const where = first === undefined || first.pointer === "" ? "" : `${first.pointer}: `;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : "";
  return new AppError("invalid_input", `${where}${first?.message ?? "The inputs are not valid."}${more}`, { errors });
}

/** A fault of the workflow itself, not of the caller. */
export function workflowFailed(id: string, what: string, cause?: unknown): AppError {
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
    if (!isJsonValue(data) || !isJsonObject(data)) throw workflowFailed(this.#id, "turns its inputs into something that JSON cannot hold.");
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
      throw workflowFailed(this.#id, reason, error);
    }
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
 * A workflow of its parts. What the schema says of the inputs is worked out when it is first asked for: that takes
 * longer than all the rest of reading a file. It then throws, in words for the author, for a schema that cannot be
 * described to callers; whoever did not make the schema asks at once.
 */
export function buildWorkflow(id: string, { schema, generate, summary, description, metadata, form }: WorkflowParts): Workflow {
  let known: { readonly described: ReturnType<typeof describeInputs>; readonly parser: InputParser } | null = null;
  const inputs = (): NonNullable<typeof known> => {
    if (known === null) {
      const described = describeInputs(schema);
      known = { described, parser: new InputParser(id, schema, described.inputSchema, described.seedFields) };
    }
    return known;
  };
  return {
    id,
    summary,
    description,
    metadata,
    get inputSchema() {
      return inputs().described.inputSchema;
    },
    get defaults() {
      return inputs().described.defaults;
    },
    get example() {
      return inputs().described.example;
    },
    get fileFields() {
      return inputs().described.fileFields;
    },
    get seedFields() {
      return inputs().described.seedFields;
    },
    ...(form === undefined ? {} : { form }),
    parse: (given) => inputs().parser.parse(given),
    generate,
  };
}
