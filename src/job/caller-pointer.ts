import type { FieldError } from "../errors/app-error.ts";
import { jsonPointer } from "../errors/pointer.ts";
import type { Job } from "./job.ts";

type Origin = Pick<Job, "workflow" | "origins" | "graph">;

/** Names the inputs of a node whose values came from the request, as pointers into its body. */
function pointersOfNode(job: Origin, nodeId: string): readonly string[] {
  const inputs = Object.keys(job.graph[nodeId]?.inputs ?? {});
  return [...new Set(inputs.flatMap((input) => job.origins[`${nodeId}/${input}`] ?? []))];
}

/**
 * Turns ComfyUI's complaint about a graph input into one about the request: the caller of a typed endpoint knows
 * `/width`, not node 58. A fault that no field of the request causes points at the whole body, `""`.
 *
 * @param error its pointer is one into `{graph}`: `/graph/58/inputs/width` or `/graph/58`
 */
export function toCallerError(job: Origin, error: FieldError): FieldError {
  if (job.workflow === null) return error;
  const nodeId = error.node_id;
  if (nodeId === undefined) return { ...error, pointer: "" };
  const prefix = jsonPointer(["graph", nodeId, "inputs"]);
  if (error.pointer.startsWith(`${prefix}/`)) {
    const input = error.pointer.slice(prefix.length + 1).replaceAll("~1", "/").replaceAll("~0", "~");
    return { ...error, pointer: job.origins[`${nodeId}/${input}`] ?? "" };
  }
  const pointers = pointersOfNode(job, nodeId);
  return { ...error, pointer: (pointers.length === 1 ? pointers[0] : undefined) ?? "" };
}
