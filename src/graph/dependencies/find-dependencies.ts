import type { JsonObject } from "../../json/exact.ts";
import type { Catalog } from "../catalog.ts";
import { type Graph, isLink } from "../graph.ts";
import type { Dependencies, ModelDependency, NodeDependency, NodePack } from "./dependency.ts";
import { type ExportProperties, fileName, type PackHint, readProperties } from "./export-properties.ts";
import { coreRepository, type ManagerMaps, repositoryKey } from "./manager-maps.ts";
import { embeddingsIn, modelOf, type NamedModel } from "./model-inputs.ts";

/** What the front end writes for nodes that come with ComfyUI. */
const coreId = "comfy-core";

function packOfHint(hint: PackHint, maps: ManagerMaps): NodePack {
  const version = hint.version === undefined ? {} : { version: hint.version };
  if (hint.cnrId !== undefined) {
    const listed = [...(maps.packs ?? [])].find(([, id]) => id === hint.cnrId)?.[0];
    const repository = hint.auxId === undefined ? listed : `https://github.com/${hint.auxId}`;
    return { id: hint.cnrId, source: "cnr_id", ...(repository === undefined ? {} : { repository }), ...version };
  }
  const auxId = hint.auxId ?? "";
  return { id: auxId, source: "aux_id", repository: `https://github.com/${auxId}`, ...version };
}

function packOfRepository(repository: string, maps: ManagerMaps): NodePack {
  const id = maps.packs?.get(repositoryKey(repository)) ?? /([^/]+\/[^/]+?)(?:\.git)?\/*$/.exec(repository)?.[1] ?? repository;
  return { id, source: "manager-map", repository };
}

/** Manager's own order (comfyui-protocol.md §5.5): who claims the class, core, who lists it, whose pattern fits. */
function repositoriesOf(className: string, { nodeMap }: ManagerMaps): readonly string[] {
  if (nodeMap === undefined) return [];
  const claimed = nodeMap.preemptions.get(className);
  if (claimed !== undefined) return [claimed];
  const listed = nodeMap.repositories.get(className) ?? [];
  const core = listed.find((repository) => repositoryKey(repository) === repositoryKey(coreRepository));
  if (core !== undefined) return [core];
  if (listed.length > 0) return listed;
  // Class names are short; a longer text is no name, and patterns could take long over it.
  const fitting = className.length > 200 ? undefined : nodeMap.patterns.find(({ pattern }) => pattern.test(className));
  return fitting === undefined ? [] : [fitting.repository];
}

function nodeDependency(className: string, catalog: Catalog, properties: ExportProperties, maps: ManagerMaps): NodeDependency {
  const known = catalog.classes.get(className);
  const base = { class_type: className, installed: known !== undefined };
  // What runs there decides: a pack may carry the name of a class that core has, too.
  if (known !== undefined && known.packFolder === undefined) return { ...base, pack: null, core: true };
  const hints = properties.packs.get(className) ?? [];
  const [first] = hints;
  if (first !== undefined) {
    const packs = hints.map((hint) => packOfHint(hint, maps));
    const core = known === undefined && first.cnrId === coreId;
    return { ...base, pack: packs[0] ?? null, ...(packs.length > 1 ? { ambiguous: packs.map((pack) => pack.id) } : {}), core };
  }
  const repositories = repositoriesOf(className, maps);
  const [repository] = repositories;
  if (repository !== undefined && repositoryKey(repository) === repositoryKey(coreRepository)) return { ...base, pack: null, core: known === undefined };
  // The folder on the host says which of several it is.
  const folder = known?.packFolder;
  const here = folder === undefined ? undefined : repositories.find((candidate) => repositoryKey(candidate).endsWith(`/${folder.toLowerCase()}`));
  if (here !== undefined) return { ...base, pack: packOfRepository(here, maps), core: false };
  if (repository !== undefined) {
    const ambiguous = repositories.length > 1 ? { ambiguous: repositories } : {};
    return { ...base, pack: packOfRepository(repository, maps), ...ambiguous, core: false };
  }
  return { ...base, pack: folder === undefined ? null : { id: folder, source: "catalog" }, core: false };
}

interface Origin {
  readonly folder: string | undefined;
  readonly url: string | undefined;
  readonly hash: string | undefined;
}

/** Those of the right folder, or all when none says; `checkpoints/SDXL` lies in `checkpoints`. */
function inFolder(origins: readonly Origin[], folder: string | undefined): readonly Origin[] {
  if (folder === undefined) return origins;
  return origins.filter((origin) => origin.folder === undefined || origin.folder === folder || origin.folder.startsWith(`${folder}/`));
}

/** Old names of folders that ComfyUI still reads. */
function currentFolder(folder: string | undefined): string | undefined {
  return folder?.replace(/^unet(?=\/|$)/, "diffusion_models").replace(/^clip(?=\/|$)/, "text_encoders");
}

function originOf({ name, folder }: NamedModel, properties: ExportProperties, maps: ManagerMaps): Pick<ModelDependency, "folder" | "url" | "hash" | "source" | "ambiguous"> {
  const key = fileName(name).toLowerCase();
  const sources = [
    { source: "properties" as const, origins: (properties.models.get(key) ?? []).map(({ directory, url, hash }) => ({ folder: currentFolder(directory), url, hash })) },
    {
      source: "manager-list" as const,
      origins: (maps.models?.get(key) ?? []).map(({ folder: listed, url }) => ({ folder: currentFolder(listed), url, hash: undefined })),
    },
  ];
  for (const { source, origins } of sources) {
    const fitting = inFolder(origins, folder);
    const urls = [...new Set(fitting.flatMap((origin) => origin.url ?? []))];
    const [only] = fitting;
    if (only === undefined) continue;
    const where = folder ?? only.folder?.split("/")[0] ?? null;
    if (urls.length > 1) return { folder: where, url: null, hash: null, source, ambiguous: urls };
    return { folder: where, url: urls[0] ?? null, hash: fitting.find((origin) => origin.hash !== undefined)?.hash ?? null, source };
  }
  return { folder: folder ?? null, url: null, hash: null, source: null };
}

function findModels(graph: Graph, catalog: Catalog, properties: ExportProperties, maps: ManagerMaps): ModelDependency[] {
  return Object.entries(graph).flatMap(([nodeId, node]) =>
    Object.entries(node.inputs).flatMap(([input, value]) => {
      if (value === undefined || isLink(value)) return [];
      const spec = catalog.classes.get(node.class_type)?.inputs.find((candidate) => candidate.name === input)?.spec;
      const model = modelOf(node.class_type, input, value, spec);
      const embeddings = typeof value === "string" ? embeddingsIn(value).map((name) => ({ name, folder: "embeddings" })) : [];
      return [...(model === undefined ? [] : [model]), ...embeddings].map((named) => {
        return { name: named.name, nodeId, input, ...originOf(named, properties, maps) };
      });
    }),
  );
}

/**
 * What a graph needs beside ComfyUI: packs for its classes and files of models. The export's own word comes first, then
 * ComfyUI-Manager's maps. No network, never throws.
 *
 * @param graph `undefined` when the workflow could not be converted, mostly for want of a class: then the classes are those
 *   of `options.gui`, and models are not looked for
 * @param options.gui the same workflow in GUI format
 */
export function findDependencies(
  graph: Graph | undefined,
  options: { readonly gui?: JsonObject | undefined; readonly catalog: Catalog; readonly maps?: ManagerMaps | undefined },
): Dependencies {
  const maps = options.maps ?? {};
  const properties = readProperties(options.gui);
  const classes = graph === undefined ? properties.classes : new Set(Object.values(graph).map((node) => node.class_type));
  return {
    nodes: [...classes].map((className) => nodeDependency(className, options.catalog, properties, maps)),
    models: graph === undefined ? [] : findModels(graph, options.catalog, properties, maps),
  };
}
