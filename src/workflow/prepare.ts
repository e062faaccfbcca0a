import { AppError, type FieldError } from "../errors/app-error.ts";
import { jsonPointer } from "../errors/pointer.ts";
import type { Graph } from "../graph/graph.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/exact.ts";
import { placesOf } from "./file-fields.ts";
import { setAt } from "./json-value.ts";
import { traceOrigins } from "./origins.ts";
import { drawRange } from "./seed-fields.ts";
import type { FileAccepts, Workflow } from "./workflow.ts";

/** A file input that was brought in: its id in the file store, and the name the graph uses. */
export interface PreparedFile {
  readonly fileId: string;
  readonly name: string;
}

export interface PrepareDeps {
  /**
   * Brings in what a file input names: a URL, a data: URI, base64, `file:{id}`, `job:{id}#{n}`.
   * Rejects with an AppError; its own `errors` are kept, else its detail is put at the field's pointer.
   */
  resolveFile(source: string, field: { readonly pointer: string; readonly accepts: FileAccepts }): Promise<PreparedFile>;
  /** From 0 to `max`, both included. */
  drawSeed(max: bigint): number | bigint;
}

export interface PreparedRun {
  /** What is used: defaults filled in, seeds drawn, files as `file:{id}`. */
  readonly inputs: JsonObject;
  readonly graph: Graph;
  readonly files: readonly PreparedFile[];
  /** `"nodeId/inputName"` → JSON pointer of the request's field that sets it. */
  readonly origins: Readonly<Record<string, string>>;
}

/** Of one request: each may be a download, and a graph has a handful of loaders. */
const maxFiles = 64;
/** Downloads of one request at a time. */
const maxConcurrentFiles = 4;

interface Place {
  readonly path: readonly string[];
  readonly source: string;
  readonly accepts: FileAccepts;
}

type Resolved = { readonly place: Place; readonly file: PreparedFile };
type Failed = { readonly place: Place; readonly error: unknown };

function placesOfAll(workflow: Workflow, inputs: JsonObject): readonly Place[] {
  const places = new Map<string, Place>();
  for (const field of workflow.fileFields) {
    for (const { path, source } of placesOf(field, inputs)) places.set(jsonPointer(path), { path, source, accepts: field.accepts });
  }
  return [...places.values()];
}

function faultsOf({ place, error }: Failed): readonly FieldError[] {
  const appError = AppError.from(error);
  return appError.errors.length > 0 ? appError.errors : [{ pointer: jsonPointer(place.path), message: appError.detail }];
}

/** One error for all files that failed: a fault of ours before a fault of the caller's. */
function fileError(failures: readonly Failed[]): AppError {
  const errors = failures.map((failure) => AppError.from(failure.error));
  const ours = errors.findIndex((error) => error.kind.status >= 500);
  const leading = errors[Math.max(ours, 0)] ?? AppError.from(new Error("no file failed"));
  if (leading.code === "internal") return leading;
  return new AppError(leading.code, leading.detail, { cause: leading.cause, errors: failures.flatMap(faultsOf) });
}

async function resolveFiles(places: readonly Place[], deps: PrepareDeps): Promise<readonly Resolved[]> {
  if (places.length > maxFiles) {
    const pointer = jsonPointer(places[maxFiles]?.path ?? []);
    throw new AppError("invalid_input", `${pointer}: A request takes at most ${maxFiles} files.`, {
      errors: [{ pointer, message: `A request takes at most ${maxFiles} files.` }],
    });
  }
  const resolved: (Resolved | Failed)[] = [];
  const waiting = places.entries();
  const worker = async (): Promise<void> => {
    for (const [index, place] of waiting) {
      try {
        resolved[index] = { place, file: await deps.resolveFile(place.source, { pointer: jsonPointer(place.path), accepts: place.accepts }) };
      } catch (error) {
        resolved[index] = { place, error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxConcurrentFiles, places.length) }, worker));
  const failures = resolved.filter((outcome) => "error" in outcome);
  if (failures.length > 0) throw fileError(failures);
  return resolved.filter((outcome) => "file" in outcome);
}

function withSeeds(workflow: Workflow, inputs: JsonObject, deps: PrepareDeps): JsonObject {
  const drawn = workflow.seedFields.flatMap((field): [string, JsonValue][] => {
    if (inputs[field] !== undefined && inputs[field] !== null) return [];
    const { min, max } = drawRange(workflow.inputSchema, field);
    const seed = min + BigInt(deps.drawSeed(max - min));
    return [[field, Number.isSafeInteger(Number(seed)) ? Number(seed) : seed]];
  });
  return { ...inputs, ...Object.fromEntries(drawn) };
}

function withFiles(inputs: JsonObject, resolved: readonly Resolved[], text: (file: PreparedFile) => string): JsonObject {
  let changed: JsonValue = inputs;
  for (const { place, file } of resolved) changed = setAt(changed, place.path, text(file));
  return isJsonObject(changed) ? changed : inputs;
}

function distinct(resolved: readonly Resolved[]): readonly PreparedFile[] {
  return [...new Map(resolved.map(({ file }) => [file.name, { fileId: file.fileId, name: file.name }])).values()];
}

/**
 * From a request's inputs to what is sent to ComfyUI. Inputs are checked first: nothing is fetched for a request
 * that is refused anyway.
 *
 * @throws {AppError} `invalid_input`, whatever a file input met, or `workflow_failed`
 */
export async function prepareRun(workflow: Workflow, body: unknown, deps: PrepareDeps): Promise<PreparedRun> {
  const parsed = workflow.parse(body);
  const resolved = await resolveFiles(placesOfAll(workflow, parsed), deps);
  const seeded = withSeeds(workflow, parsed, deps);
  const named = withFiles(seeded, resolved, (file) => file.name);
  const graph = workflow.generate(named);
  return {
    inputs: withFiles(seeded, resolved, (file) => `file:${file.fileId}`),
    graph,
    files: distinct(resolved),
    origins: traceOrigins(workflow, named, graph),
  };
}
