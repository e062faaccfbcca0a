import { isLink } from "../graph/graph.ts";
import type { JsonObject, JsonValue } from "../json/exact.ts";
import { inputSpecs, type ExpandedValue, type NodeDefinition, type NodeResult, type UiOutput } from "./node-definition.ts";
import { NodeFailure } from "./node-failure.ts";
import { NodeInputs } from "./node-inputs.ts";
import { literal, type Value } from "./values.ts";
import type { Graph } from "../graph/graph.ts";

/** The lists of values behind each input of a node; literals are lists of one. */
export type InputLists = ReadonlyMap<string, readonly Value[]>;

export function inputLists(
  definition: NodeDefinition,
  inputs: JsonObject,
  outputsOf: (nodeId: string) => readonly (readonly Value[])[] | undefined,
): InputLists {
  const lists = new Map<string, readonly Value[]>();
  for (const spec of inputSpecs(definition)) {
    const given = inputs[spec.name];
    if (given === undefined) continue;
    if (isLink(given)) lists.set(spec.name, outputsOf(given[0])?.[given[1]] ?? [literal(null)]);
    else lists.set(spec.name, [spec.type === "FLOAT" && typeof given === "number" ? { kind: "float", value: given } : literal(given)]);
  }
  return lists;
}

/** A node runs once for each item of its longest input; shorter ones repeat their last (comfyui-protocol.md §3.3). */
export function callsOf(lists: InputLists): readonly ReadonlyMap<string, Value>[] {
  const longest = Math.max(0, ...[...lists.values()].map((list) => list.length));
  if (longest === 0) return [new Map()];
  return Array.from({ length: longest }, (_, index) => {
    const call = new Map<string, Value>();
    for (const [name, list] of lists) {
      const value = list[index] ?? list.at(-1);
      if (value === undefined) throw new NodeFailure("IndexError", "list index out of range");
      call.set(name, value);
    }
    return call;
  });
}

export function blockerOf(call: ReadonlyMap<string, Value>): Extract<Value, { readonly kind: "blocker" }> | undefined {
  for (const value of call.values()) if (value.kind === "blocker") return value;
  return undefined;
}

export function inputsOf(call: ReadonlyMap<string, Value>): NodeInputs {
  return new NodeInputs(call);
}

export interface MergedResult {
  readonly outputs: readonly (readonly Value[])[];
  readonly ui: UiOutput | null;
  /** One for each call that expanded. */
  readonly expansions: readonly { readonly graph: Graph; readonly values: readonly ExpandedValue[] }[];
}

/** Joins the results of a node's calls; of the UI only the keys of the first call are kept (comfyui-protocol.md §1.4). */
export function mergeResults(definition: NodeDefinition, results: readonly NodeResult[]): MergedResult {
  const outputs = definition.outputs.map((_, slot) =>
    results.flatMap((result) => (result.expand === undefined ? (result.values?.[slot] ?? []) : [])),
  );
  const uis = results.flatMap((result) => (result.expand === undefined && result.ui !== undefined ? [result.ui] : []));
  const first = uis[0];
  const expansions = results.flatMap((result) => (result.expand === undefined ? [] : [{ graph: result.expand, values: result.values }]));
  return { outputs, ui: first === undefined ? null : mergedUi(Object.keys(first), uis), expansions };
}

function mergedUi(keys: readonly string[], uis: readonly UiOutput[]): UiOutput {
  return Object.fromEntries(
    keys.map((key) => [
      key,
      uis.flatMap((ui): readonly JsonValue[] => {
        const list = ui[key];
        if (list === undefined) throw new NodeFailure("KeyError", `'${key}'`);
        return list;
      }),
    ]),
  );
}
