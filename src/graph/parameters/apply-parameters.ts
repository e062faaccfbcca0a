import { AppError } from "../../errors/app-error.ts";
import type { JsonObject, JsonValue } from "../../json/exact.ts";
import { type Graph, isLink } from "../graph.ts";
import type { Parameter } from "./parameter.ts";

/** A list in a graph is a link; a literal list is wrapped (comfyui-protocol.md §1.1), but where the graph itself has it bare. */
function literal(value: JsonValue, given: JsonValue): JsonValue {
  return Array.isArray(value) && !Array.isArray(given) ? { __value__: value } : value;
}

/**
 * The graph with the parameters' values in it. Nothing but the inputs that the parameters set differs; without values
 * it is the same graph again.
 *
 * @param values by parameter name; a missing one keeps its default
 * @throws {AppError} `invalid_input` for a value that no parameter takes or that would become a link;
 *   `invalid_graph` when the graph lacks a node that a parameter sets
 */
export function applyParameters(graph: Graph, parameters: readonly Parameter[], values: Readonly<Record<string, JsonValue | undefined>>): Graph {
  const names = new Set(parameters.map((parameter) => parameter.name));
  const unknown = Object.keys(values).find((name) => !names.has(name));
  if (unknown !== undefined) throw new AppError("invalid_input", `The workflow has no parameter “${unknown}”.`);
  const changed = new Map<string, Map<string, JsonValue>>();
  for (const parameter of parameters) {
    const value = Object.hasOwn(values, parameter.name) ? values[parameter.name] : undefined;
    if (value === undefined) continue;
    if (isLink(value)) throw new AppError("invalid_input", `The value of “${parameter.name}” would be taken for a link between nodes.`);
    for (const { nodeId, input } of parameter.sets) {
      if (!Object.hasOwn(graph, nodeId)) throw new AppError("invalid_graph", `“${parameter.name}” sets node ${nodeId}, which the graph lacks.`);
      const inputs = changed.get(nodeId) ?? new Map<string, JsonValue>();
      changed.set(nodeId, inputs.set(input, literal(value, parameter.default)));
    }
  }
  return Object.fromEntries(
    Object.entries(graph).map(([nodeId, node]) => {
      const set = changed.get(nodeId);
      if (set === undefined) return [nodeId, node];
      const inputs: JsonObject = Object.fromEntries(new Map([...Object.entries(node.inputs), ...set]));
      return [nodeId, { ...node, inputs }];
    }),
  );
}
