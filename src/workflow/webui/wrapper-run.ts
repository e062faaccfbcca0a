import { isDeepStrictEqual } from "node:util";
import type { Graph } from "../../graph/graph.ts";
import type { GraphInput } from "../../graph/parameters/parameter.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../json/exact.ts";
import { isJsonArray, setAt } from "../json-value.ts";
import type { GuiEdit } from "./gui-export.ts";
import type { WrapperInput } from "./wrapper-shape.ts";
import type { Target } from "./wrapper-target.ts";

/** An input with what it changes; null when that is not known. */
export interface BoundInput {
  readonly input: WrapperInput;
  readonly target: Target | null;
}

/** What the inputs of one run change. */
export interface Changes {
  /** Before the export becomes a graph. */
  readonly edits: readonly GuiEdit[];
  /** In the graph. */
  readonly sets: readonly (GraphInput & { readonly value: JsonValue })[];
  readonly loras: readonly { readonly nodeId: string; readonly entry: JsonObject }[];
}

function isOn(value: JsonValue | undefined): boolean {
  return value === true || value === 0;
}

/** Whether the input it depends on has one of the values it wants. */
export function isActive({ depends_on: dependency }: WrapperInput, inputs: JsonObject, bound: readonly BoundInput[]): boolean {
  if (dependency === undefined || dependency === null) return true;
  const other = bound.find(({ input }) => input.id === dependency.field)?.input;
  const actual = inputs[dependency.field];
  const wanted = isJsonArray(dependency.value) ? dependency.value : [dependency.value];
  if (other?.type === "node_mode_toggle") return wanted.some((each) => isOn(each) === isOn(actual));
  return wanted.some((each) => isDeepStrictEqual(each, actual));
}

function loraEdits(target: Extract<Target, { kind: "loras" }>, value: JsonValue): readonly Extract<GuiEdit, { kind: "lora" }>[] {
  if (!isJsonArray(value)) return [];
  return value.filter(isJsonObject).flatMap(({ highNoisePath, lowNoisePath, strength, enabled }) =>
    ([[target.high, highNoisePath], [target.low, lowNoisePath]] as const).flatMap(([nodeId, lora]) =>
      typeof lora === "string" ? [{ kind: "lora" as const, nodeId, lora, strength: typeof strength === "number" ? strength : 1, on: enabled !== false }] : [],
    ),
  );
}

function editsOf(target: Target, value: JsonValue): readonly GuiEdit[] {
  switch (target.kind) {
    case "widgets":
      return target.nodeIds.map((nodeId) => ({ kind: "widgets", nodeId, indices: target.indices, value }));
    case "mode": {
      const { nodeIds, saveNodeId } = target;
      const save: readonly GuiEdit[] = saveNodeId === null ? [] : [{ kind: "save", nodeId: saveNodeId, on: isOn(value) }];
      return [{ kind: "mode", nodeIds, mode: isOn(value) ? target.enabledMode : target.disabledMode }, ...save];
    }
    case "loras":
      return loraEdits(target, value);
    case "inputs":
    case "pair":
      return [];
  }
}

function setsOf(target: Target, value: JsonValue): Changes["sets"] {
  if (target.kind === "inputs") return target.inputs.map((input) => ({ ...input, value }));
  if (target.kind !== "pair" || !isJsonObject(value)) return [];
  const { highNoisePath = null, lowNoisePath = null } = value;
  return [{ ...target.high, value: highNoisePath }, { ...target.low, value: lowNoisePath }];
}

/** @param hasGui whether the export is in GUI format: then LoRAs are added there, as a person would */
export function changesOf(bound: readonly BoundInput[], inputs: JsonObject, hasGui: boolean): Changes {
  const edits: GuiEdit[] = [];
  const sets: (GraphInput & { readonly value: JsonValue })[] = [];
  for (const { input, target } of bound) {
    const value = inputs[input.id];
    if (target === null || value === undefined || !isActive(input, inputs, bound)) continue;
    edits.push(...editsOf(target, value));
    sets.push(...setsOf(target, value));
  }
  if (hasGui) return { edits, sets, loras: [] };
  const loras = edits.flatMap((edit) => (edit.kind === "lora" ? [{ nodeId: edit.nodeId, entry: { on: edit.on, lora: edit.lora, strength: edit.strength } }] : []));
  return { edits: [], sets, loras };
}

function withSet(inputs: JsonObject, input: string, value: JsonValue): JsonObject {
  const [head = "", ...rest] = input.split(".");
  const isNested = rest.length > 0 && !Object.hasOwn(inputs, input) && isJsonObject(inputs[head]);
  const changed = isNested ? setAt(inputs, [head, ...rest], value) : { ...inputs, [input]: value };
  return isJsonObject(changed) ? changed : inputs;
}

function withLora(inputs: JsonObject, entry: JsonObject): JsonObject {
  const taken = Object.keys(inputs).flatMap((name) => /^lora_(\d+)$/.exec(name)?.[1] ?? []);
  return { ...inputs, [`lora_${Math.max(0, ...taken.map(Number)) + 1}`]: entry };
}

/** The graph with the changes in it. A node that is switched off is not there, and nothing of it is set. */
export function changeGraph(graph: Graph, { sets, loras }: Pick<Changes, "sets" | "loras">): Graph {
  const changed = new Map(Object.entries(graph));
  for (const { nodeId, input, value } of sets) {
    const node = changed.get(nodeId);
    if (node !== undefined) changed.set(nodeId, { ...node, inputs: withSet(node.inputs, input, value) });
  }
  for (const { nodeId, entry } of loras) {
    const node = changed.get(nodeId);
    if (node !== undefined) changed.set(nodeId, { ...node, inputs: withLora(node.inputs, entry) });
  }
  return Object.fromEntries(changed);
}
