import type { Catalog } from "../graph/catalog.ts";
import { findDependencies } from "../graph/dependencies/find-dependencies.ts";
import { type ManagerMaps, parseModelList, parseNodeMap, parsePackList } from "../graph/dependencies/manager-maps.ts";
import type { Graph } from "../graph/graph.ts";
import { type JsonObject, type JsonValue, parseJson } from "../json/exact.ts";

/** What the graph needs to run, for the module's metadata and for its author. */
export interface Requirements {
  /** Model files by the name in the graph, each once. */
  readonly models: readonly string[];
  readonly modelSources: Readonly<Record<string, string>>;
  /** Model files of which nobody says where they come from, with the folder they belong in; "": not known either. */
  readonly unknownSources: readonly { readonly name: string; readonly folder: string }[];
  /** Further metadata, by name. */
  readonly extra: { readonly [name: string]: JsonValue };
  /** For the author, a line each. */
  readonly notes: readonly string[];
}

function isWebAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}

/** The files of ComfyUI-Manager that say where packs and models come from; null: not there. */
export interface ManagerTexts {
  readonly nodeMap: string | null;
  readonly modelList: string | null;
  readonly packList: string | null;
}

/** @throws {SyntaxError} when one is not JSON */
export function managerMaps({ nodeMap, modelList, packList }: ManagerTexts): ManagerMaps {
  return {
    ...(nodeMap === null ? {} : { nodeMap: parseNodeMap(parseJson(nodeMap)) }),
    ...(modelList === null ? {} : { models: parseModelList(parseJson(modelList)) }),
    ...(packList === null ? {} : { packs: parsePackList(parseJson(packList)) }),
  };
}

/** From the export, ComfyUI-Manager's maps and the catalog. What none of them knows is named, never guessed. */
export function dependenciesOf(graph: Graph, catalog: Catalog, gui: JsonObject | undefined, maps: ManagerMaps | undefined): Requirements {
  const { nodes, models } = findDependencies(graph, { catalog, gui, maps });
  const names = [...new Set(models.map(({ name }) => name))];
  const sources = models.flatMap(({ name, url }): [string, string][] => (url !== null && isWebAddress(url) ? [[name, url]] : []));
  const modelSources = Object.fromEntries(sources);
  const packs = nodes.flatMap(({ class_type: className, pack }): [string, string][] => (pack === null ? [] : [[className, pack.id]]));
  const folderOf = (wanted: string): string => models.find(({ name, folder }) => name === wanted && folder !== null)?.folder ?? "";
  return {
    models: names,
    modelSources,
    unknownSources: names.filter((name) => !Object.hasOwn(modelSources, name)).map((name) => ({ name, folder: folderOf(name) })),
    extra: packs.length === 0 ? {} : { node_packs: Object.fromEntries(packs) },
    notes: [
      ...nodes.flatMap(({ class_type: className, ambiguous }) => (ambiguous === undefined ? [] : [`${className} is in several packs: ${ambiguous.join(", ")}`])),
      ...nodes.flatMap(({ class_type: className, pack, core }) => (pack === null && !core ? [`no known pack brings ${className}`] : [])),
      ...models.flatMap(({ name, ambiguous }) => (ambiguous === undefined ? [] : [`${name} is the name of several files: ${ambiguous.join(", ")}`])),
    ],
  };
}
