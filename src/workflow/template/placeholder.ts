import type { Graph } from "../../graph/graph.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../json/exact.ts";
import { isJsonArray, scalarText } from "../json-value.ts";

/** One place of a graph where an input's value goes. */
export interface PlaceholderUse {
  readonly name: string;
  readonly nodeId: string;
  /** From the node's inputs: input name, and further keys inside its value. */
  readonly path: readonly string[];
  /** The placeholder is all there is of the string: the value keeps its type. */
  readonly isWhole: boolean;
}

const placeholder = /\{input\.([A-Za-z_][A-Za-z0-9_]*)\}/g;
/** What was probably meant as one. */
const nearMiss = /\{\s*inputs?\s*[.[][^{}]{0,80}\}/g;

function usesInText(text: string): readonly { readonly name: string; readonly isWhole: boolean }[] {
  return [...text.matchAll(placeholder)].map(([whole, name = ""]) => ({ name, isWhole: whole === text }));
}

/** What looks like a placeholder and is none, so that no typo is sent to a model as text. */
export function misspeltPlaceholders(text: string): readonly string[] {
  return [...text.matchAll(nearMiss)].map(([found]) => found).filter((found) => !/^\{input\.[A-Za-z_][A-Za-z0-9_]*\}$/.test(found));
}

/** Every string below a value, with its path. */
export function stringsIn(value: JsonValue | undefined, path: readonly string[] = []): readonly { readonly text: string; readonly path: readonly string[] }[] {
  if (typeof value === "string") return [{ text: value, path }];
  if (isJsonArray(value)) return value.flatMap((item, index) => stringsIn(item, [...path, String(index)]));
  if (isJsonObject(value)) return Object.entries(value).flatMap(([key, member]) => stringsIn(member, [...path, key]));
  return [];
}

/** In the order of the graph. */
export function placeholderUses(graph: Graph): readonly PlaceholderUse[] {
  return Object.entries(graph).flatMap(([nodeId, { inputs }]) =>
    stringsIn(inputs).flatMap(({ text, path }) => usesInText(text).map((use) => ({ ...use, nodeId, path }))),
  );
}

function fillText(text: string, values: JsonObject): JsonValue {
  const [only] = usesInText(text);
  if (only?.isWhole === true) return values[only.name] ?? null;
  return text.replace(placeholder, (_found: string, name: string) => scalarText(values[name]));
}

function fill(value: JsonValue | undefined, values: JsonObject): JsonValue | undefined {
  if (typeof value === "string") return fillText(value, values);
  if (isJsonArray(value)) return value.map((item): JsonValue => fill(item, values) ?? null);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member, values)]));
}

/** The graph with every placeholder replaced by the value of its input. */
export function fillPlaceholders(graph: Graph, values: JsonObject): Graph {
  return Object.fromEntries(
    Object.entries(graph).map(([nodeId, node]) => {
      const inputs = Object.entries(node.inputs).map(([name, value]): [string, JsonValue | undefined] => [name, fill(value, values)]);
      return [nodeId, { ...node, inputs: Object.fromEntries(inputs) }];
    }),
  );
}
