import { z } from "zod";
import { AppError, type FieldError } from "../errors/app-error.ts";
import { jsonPointer } from "../errors/pointer.ts";
import type { JsonObject, JsonValue } from "../json/exact.ts";

/** One node of a graph in ComfyUI's API format. */
export interface GraphNode {
  readonly class_type: string;
  /** By input name: a literal, or a link `[nodeId, outputSlot]`. */
  readonly inputs: JsonObject;
  readonly _meta?: { readonly title?: string | undefined } | undefined;
}

/** ComfyUI's API-format prompt, by node id. */
export type Graph = Readonly<Record<string, GraphNode>>;

/** A JSON list is a link by definition; a literal list is wrapped as `{__value__: […]}` (comfyui-protocol.md §1.1). */
export function isLink(value: JsonValue | undefined): value is readonly [string, number] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && typeof value[1] === "number";
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean" || typeof value === "bigint";
  return value === null || (Array.isArray(value) ? value.every(isJson) : isPlain(value) && Object.values(value).every(isJson));
}

const jsonValue = z.custom<JsonValue>(isJson);

const nodeSchema = z.looseObject({
  class_type: z.string({ error: "A node needs a class_type, the name of its ComfyUI class" }).min(1),
  inputs: z.record(z.string(), jsonValue.optional(), { error: "A node needs inputs, an object by input name" }),
  _meta: z.looseObject({ title: z.string().optional() }).optional(),
});

const graphSchema = z
  .record(z.string().min(1), nodeSchema, { error: "A graph is an object of nodes by id, as ComfyUI's “Export (API)” saves it" })
  .refine((nodes) => Object.keys(nodes).length > 0, { error: "The graph has no nodes" });

/** Whether nothing of it is to be dropped, as a schema drops a `__proto__`. */
function isWhole(value: unknown): value is Readonly<Record<string, unknown>> {
  return isPlain(value) && !Object.hasOwn(value, "__proto__");
}

function isNode(value: unknown): value is GraphNode {
  if (!isWhole(value)) return false;
  const { class_type: classType, inputs, _meta: meta } = value;
  if (typeof classType !== "string" || classType === "" || !isWhole(inputs)) return false;
  if (meta !== undefined && !(isWhole(meta) && (meta["title"] === undefined || typeof meta["title"] === "string"))) return false;
  return Object.values(inputs).every((input) => input === undefined || isJson(input));
}

/** What the schema takes as it stands, told in a fraction of the time: nearly every graph. The schema finds the words for all others. */
function isGraph(value: unknown): value is Graph {
  if (!isWhole(value)) return false;
  const nodes = Object.entries(value);
  return nodes.length > 0 && nodes.every(([id, node]) => id !== "" && isNode(node));
}

function readGraph(value: unknown, base: string): Graph {
  if (isGraph(value)) return value;
  const parsed = graphSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors: FieldError[] = parsed.error.issues.map((issue) => ({ pointer: jsonPointer(issue.path, base), message: issue.message }));
  throw new AppError("invalid_graph", errors[0]?.message ?? "The graph is not valid.", { errors });
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function copyOf(value: JsonValue | undefined): JsonValue {
  if (typeof value !== "object" || value === null) return value ?? null;
  if (isList(value)) return value.map(copyOf);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]));
}

/** A copy to the last list: a module may change what it returned. No name is `__proto__`: neither way of reading lets one through. */
function inputsOf(inputs: JsonObject): JsonObject {
  const copy: Record<string, JsonValue> = {};
  for (const [name, input] of Object.entries(inputs)) {
    if (input !== undefined) copy[name] = copyOf(input);
  }
  return copy;
}

/**
 * Checks the shape of a graph, not what ComfyUI thinks of it. Members that are `undefined` are dropped, so that a
 * module may write an optional input in place.
 *
 * @param base JSON pointer of the graph inside the body it came in, for the errors
 * @throws {AppError} `invalid_graph`, with a pointer for each fault
 */
export function parseGraph(value: unknown, base = ""): Graph {
  const graph: Record<string, GraphNode> = {};
  for (const [id, node] of Object.entries(readGraph(value, base))) graph[id] = { ...node, inputs: inputsOf(node.inputs) };
  return graph;
}
