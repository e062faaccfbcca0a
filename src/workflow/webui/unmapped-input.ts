import type { JsonObject } from "../../json/exact.ts";
import { isLink, type Graph } from "../../graph/graph.ts";
import type { GraphInput, Parameter, ParameterRole } from "../../graph/parameters/parameter.ts";
import { groupsNamed } from "./group-nodes.ts";
import type { WrapperInput } from "./wrapper-shape.ts";
import type { Target, WrappedExport } from "./wrapper-target.ts";

/** What an input that the wrapper maps to nothing is found to mean, and why. */
export interface FoundTarget {
  readonly target: Target;
  readonly because: string;
}

const rolesByName: Readonly<Record<string, ParameterRole>> = { positive_prompt: "prompt", positive: "prompt", negative: "negative_prompt", sampler_name: "sampler", cfg_scale: "cfg" };

function words(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, " ").replace(/\b(?:prompt|text|input)\b/g, " ").trim().replace(/ +/g, " ");
}

function isText({ type }: WrapperInput): boolean {
  return type === "text" || type === "textarea";
}

/** The inputs of a graph that hold exactly this text. */
function holders(graph: Graph, text: string): readonly GraphInput[] {
  return Object.entries(graph).flatMap(([nodeId, { inputs }]) => Object.entries(inputs).flatMap(([input, value]) => (value === text ? [{ nodeId, input }] : [])));
}

function onlyHolder(graph: Graph, text: unknown): GraphInput | null {
  if (typeof text !== "string" || text === "") return null;
  const [holder, ...others] = holders(graph, text);
  return others.length === 0 ? (holder ?? null) : null;
}

/** The one node whose title says what the input says, and its one text. */
function byTitle(graph: Graph, { id, label }: WrapperInput): GraphInput | null {
  const wanted = new Set([words(id), words(label ?? "")].filter((each) => each !== ""));
  const found = Object.entries(graph).flatMap(([nodeId, node]) => {
    if (!wanted.has(words(node._meta?.title ?? ""))) return [];
    const texts = Object.entries(node.inputs).filter(([, value]) => typeof value === "string" && !isLink(value));
    return texts.length === 1 ? texts.map(([input]) => ({ nodeId, input })) : [];
  });
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** The words that say which feature a switch is of, in no order. */
function feature(text: string): string {
  const said = text.toLowerCase().replace(/\([^)]*\)/g, " ").match(/[a-z0-9]+/g) ?? [];
  return said.filter((word) => !["enable", "enabled", "use", "and", "with", "the"].includes(word)).toSorted().join(" ");
}

/** The one group frame with the name of a switch. A default of 2 or 4 tells in which mode its nodes are off. */
function byGroup(gui: JsonObject | null, { id, label, default: byDefault }: WrapperInput): Target | null {
  if (gui === null) return null;
  const wanted = new Set([feature(id), feature(label ?? "")].filter((each) => each !== ""));
  const [group, ...others] = groupsNamed(gui, (title) => wanted.has(feature(title)));
  if (group === undefined || others.length > 0 || group.length === 0) return null;
  return { kind: "mode", nodeIds: group, enabledMode: 0, disabledMode: byDefault === 4 ? 4 : 2, saveNodeId: null };
}

/**
 * Some wrappers list inputs without saying what they change. Only what can be told without guessing is taken: the one
 * parameter of the graph with that name or role, the one node or group with that title, or the one input that holds
 * the default of a model.
 */
export function findUnmapped(input: WrapperInput, { graph, gui }: Pick<WrappedExport, "graph" | "gui">, parameters: readonly Parameter[]): FoundTarget | null {
  const { id, type } = input;
  if (type === "high_low_pair_model") {
    const [high, low] = [onlyHolder(graph, input.default_high), onlyHolder(graph, input.default_low)];
    return high === null || low === null ? null : { target: { kind: "pair", high, low }, because: "these alone hold its defaults" };
  }
  if (type === "single_model") {
    const holder = onlyHolder(graph, input.default);
    return holder === null ? null : { target: { kind: "inputs", inputs: [holder] }, because: "it alone holds its default" };
  }
  if (type === "node_mode_toggle") {
    const target = byGroup(gui, input);
    return target === null ? null : { target, because: "they stand in the group of that name" };
  }
  if (type === "high_low_pair_lora_list") return null;
  const named = parameters.filter(({ name }) => name === id);
  const role = rolesByName[id] ?? id;
  const candidates = named.length > 0 ? named : parameters.filter((parameter) => parameter.role === role);
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return { target: { kind: "inputs", inputs: only.sets }, because: "the graph's links show it to be this" };
  const titled = isText(input) ? byTitle(graph, input) : null;
  return titled === null ? null : { target: { kind: "inputs", inputs: [titled] }, because: "its node has that title" };
}
