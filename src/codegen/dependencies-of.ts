import type { Catalog } from "../graph/catalog.ts";
import type { Graph } from "../graph/graph.ts";
import type { JsonObject, JsonValue } from "../json/exact.ts";

/** What the graph needs to run, for the module's metadata and for its author. */
export interface Requirements {
  /** Model files by the name in the graph, each once. */
  readonly models: readonly string[];
  readonly modelSources: Readonly<Record<string, string>>;
  /** Model files of which nobody says where they come from, with the folder they belong in. */
  readonly unknownSources: readonly { readonly name: string; readonly folder: string }[];
  /** Further metadata, by name. */
  readonly extra: { readonly [name: string]: JsonValue };
  /** For the author, a line each. */
  readonly notes: readonly string[];
}

export function dependenciesOf(graph: Graph, _catalog: Catalog, _gui: JsonObject | undefined): Requirements {
  const models = new Set<string>();
  for (const node of Object.values(graph)) for (const value of Object.values(node.inputs)) if (typeof value === "string" && /\.(?:safetensors|ckpt|pt|pth|bin|gguf|onnx|sft)$/i.test(value)) models.add(value);
  const names = [...models].sort();
  return { models: names, modelSources: {}, unknownSources: names.map((name) => ({ name, folder: "" })), extra: {}, notes: [] };
}
