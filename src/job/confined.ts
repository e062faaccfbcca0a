import { AppError } from "../errors/app-error.ts";
import { jsonPointer } from "../errors/pointer.ts";
import { findStrayPaths } from "../graph/confine.ts";
import { toCallerError } from "./caller-pointer.ts";
import type { NewJob } from "./job.ts";

/**
 * Refuses a graph with a string that would lead a node out of ComfyUI's folders, or to what belongs to another job.
 *
 * @param workflow null for a raw graph
 * @throws {AppError} `invalid_graph`, naming node and input, and the field of the request that set it
 */
export function checkConfined(workflow: string | null, { graph, files, origins }: Pick<NewJob, "graph" | "files" | "origins">): void {
  const stray = findStrayPaths(graph, new Set(files.map(({ name }) => name)));
  const [first] = stray;
  if (first === undefined) return;
  const errors = stray.map(({ nodeId, classType, input, message }) =>
    toCallerError({ workflow, origins, graph }, { pointer: jsonPointer([nodeId, "inputs", input], "/graph"), message, node_id: nodeId, class_type: classType }),
  );
  throw new AppError("invalid_graph", `Node ${first.nodeId.slice(0, 100)} (${first.classType.slice(0, 100)}), input ${first.input.slice(0, 100)}: ${first.message}.`, { errors });
}
