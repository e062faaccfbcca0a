import { z } from "zod";
import type { FieldError } from "../errors/app-error.ts";
import { jsonPointer } from "../errors/pointer.ts";
import type { Graph } from "../graph/graph.ts";
import { parsePythonJson } from "../json/exact.ts";
import { describeNodeFault, nodeFaultSchema } from "./node-fault.ts";
import { plainText } from "./plain-message.ts";

/** Faults told of one graph: nobody mends more in one go, and the answer stays readable. */
const maxFaults = 100;

export const nodeErrorsSchema = z.record(
  z.string(),
  z.looseObject({
    errors: z.array(nodeFaultSchema).catch([]),
    dependent_outputs: z.array(z.string()).catch([]),
    class_type: z.string().nullish().catch(null),
  }),
);

export type NodeErrors = z.infer<typeof nodeErrorsSchema>;

const rejectionSchema = z.looseObject({
  error: z.looseObject({
    type: z.string().catch("unknown"),
    message: z.string().catch(""),
    details: z.string().catch(""),
    extra_info: z.looseObject({ node_id: z.string().nullish().catch(null), class_type: z.string().nullish().catch(null) }).catch({}),
  }),
  node_errors: nodeErrorsSchema.catch({}),
});

type Rejection = z.infer<typeof rejectionSchema>;

export interface Refusal {
  readonly detail: string;
  readonly errors: readonly FieldError[];
}

/** The faults of `node_errors`, each at the input it concerns (pointer `/graph/{node}/inputs/{input}`) or at its node. */
function fieldErrorsOf(nodeErrors: NodeErrors, graph: Graph): FieldError[] {
  const errors = Object.entries(nodeErrors).flatMap(([nodeId, node]): FieldError[] => {
    const classType = node.class_type ?? graph[nodeId]?.class_type;
    return node.errors.map((fault) => {
      const input = fault.extra_info.input_name;
      return {
        pointer: jsonPointer(typeof input !== "string" ? ["graph", nodeId] : ["graph", nodeId, "inputs", input]),
        message: describeNodeFault(fault),
        node_id: nodeId,
        ...(classType === undefined ? {} : { class_type: classType }),
      };
    });
  });
  return errors.slice(0, maxFaults);
}

/** The faults of the part of a graph that ComfyUI left out although it took the rest (status 200). */
export function refusedOutputs(nodeErrors: NodeErrors, graph: Graph): FieldError[] {
  return fieldErrorsOf(nodeErrors, graph).map((error) => {
    const outputs = error.node_id === undefined ? [] : (nodeErrors[error.node_id]?.dependent_outputs ?? []);
    if (outputs.length === 0) return error;
    return { ...error, message: `${error.message} ComfyUI left out what needs it: node ${outputs.join(", ")}.` };
  });
}

/** A class that ComfyUI does not have, from either dialect: `invalid_prompt` (to 0.3.64) and `missing_node_type` (newer). */
function unknownClass(error: Rejection["error"], graph: Graph): Refusal | null {
  if (error.type !== "invalid_prompt" && error.type !== "missing_node_type") return null;
  const nodeId = error.extra_info.node_id ?? /Node ID '#(.+)'/.exec(error.details)?.[1];
  const named = error.extra_info.class_type ?? /because node (.+) does not exist/.exec(error.message)?.[1];
  const classType = (nodeId === undefined ? undefined : graph[nodeId]?.class_type) ?? named;
  if (classType === undefined && nodeId === undefined) return null;
  const what = classType === undefined ? "This node names no class." : `ComfyUI has no node class “${plainText(classType)}”.`;
  const message = `${what} Install the custom node that brings it, then restart ComfyUI.`;
  if (nodeId === undefined) return { detail: message, errors: [] };
  const fault: FieldError = {
    pointer: jsonPointer(["graph", nodeId]),
    message,
    node_id: nodeId,
    ...(classType === undefined ? {} : { class_type: classType }),
  };
  return { detail: `Node ${nodeId}: ${message}`, errors: [fault] };
}

function titleOf(error: FieldError): string {
  if (error.node_id === undefined) return "";
  return error.class_type === undefined ? `Node ${error.node_id}: ` : `Node ${error.node_id} (${error.class_type}): `;
}

function detailOf(error: Rejection["error"], errors: readonly FieldError[]): string {
  const [first] = errors;
  if (first !== undefined) {
    const more = errors.length - 1;
    return `${titleOf(first)}${first.message}${more === 0 ? "" : ` And ${more} more ${more === 1 ? "fault" : "faults"}.`}`;
  }
  switch (error.type) {
    case "prompt_no_outputs":
      return "The graph has no output node, so ComfyUI would have nothing to do: add one such as SaveImage or PreviewImage.";
    case "prompt_outputs_failed_validation":
      // comfyui-protocol.md §1.1: a cycle comes without details and without node_errors.
      return plainText(error.details) || "ComfyUI refused the graph and names no node: most often its links run in a circle.";
    default:
      return plainText([error.message, error.details].filter((part) => part !== "").join(" ")) || "ComfyUI refused the graph and gave no reason.";
  }
}

/** Reads the body of a 400 to POST /prompt (comfyui-protocol.md §1.1). Any body at all makes a refusal with a reason. */
export function parseRejection(text: string, graph: Graph): Refusal {
  const unreadable = { detail: "ComfyUI refused the graph and gave no reason that can be read.", errors: [] };
  let body: unknown;
  try {
    body = parsePythonJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return unreadable;
    throw error;
  }
  const parsed = rejectionSchema.safeParse(body);
  if (!parsed.success) return unreadable;
  const missing = unknownClass(parsed.data.error, graph);
  if (missing !== null) return missing;
  const errors = fieldErrorsOf(parsed.data.node_errors, graph);
  return { detail: detailOf(parsed.data.error, errors), errors };
}
