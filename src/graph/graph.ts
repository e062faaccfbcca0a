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

const jsonValue: z.ZodType<JsonValue> = z.lazy(() =>
  z.union([z.string(), z.number(), z.bigint(), z.boolean(), z.null(), z.array(jsonValue), z.record(z.string(), jsonValue)]),
);

const nodeSchema = z.looseObject({
  class_type: z.string({ error: "A node needs a class_type, the name of its ComfyUI class" }).min(1),
  inputs: z.record(z.string(), jsonValue.optional(), { error: "A node needs inputs, an object by input name" }),
  _meta: z.looseObject({ title: z.string().optional() }).optional(),
});

const graphSchema = z
  .record(z.string().min(1), nodeSchema, { error: "A graph is an object of nodes by id, as ComfyUI's “Export (API)” saves it" })
  .refine((nodes) => Object.keys(nodes).length > 0, { error: "The graph has no nodes" });

/**
 * Checks the shape of a graph, not what ComfyUI thinks of it. Members that are `undefined` are dropped, so that a
 * module may write an optional input in place.
 *
 * @param base JSON pointer of the graph inside the body it came in, for the errors
 * @throws {AppError} `invalid_graph`, with a pointer for each fault
 */
export function parseGraph(value: unknown, base = ""): Graph {
  const parsed = graphSchema.safeParse(value);
  if (!parsed.success) {
    const errors: FieldError[] = parsed.error.issues.map((issue) => ({ pointer: jsonPointer(issue.path, base), message: issue.message }));
    throw new AppError("invalid_graph", errors[0]?.message ?? "The graph is not valid.", { errors });
  }
  return Object.fromEntries(
    Object.entries(parsed.data).map(([id, node]) => [
      id,
      { ...node, inputs: Object.fromEntries(Object.entries(node.inputs).filter(([, input]) => input !== undefined)) },
    ]),
  );
}
