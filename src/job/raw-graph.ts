import { AppError } from "../errors/app-error.ts";
import { jsonPointer } from "../errors/pointer.ts";
import { replaceFileReferences } from "../graph/file-references.ts";
import { parseGraph, type Graph } from "../graph/graph.ts";
import type { JobFile } from "./job.ts";

export interface RawGraph {
  readonly graph: Graph;
  /** Uploaded files that it refers to as `file:{id}`. */
  readonly fileIds: readonly string[];
}

/**
 * A graph as a caller sent it.
 *
 * @throws {AppError} `invalid_graph`, with pointers below `/graph`
 */
export function readRawGraph(value: unknown): RawGraph {
  const graph = parseGraph(value, "/graph");
  return { graph, fileIds: [...new Set(replaceFileReferences(graph, (id) => `file:${id}`).fileIds)] };
}

/** The largest graphs people share have some hundred; each is checked, stored and told of by events. */
const maxNodes = 5_000;

function isDenied(classType: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => new RegExp(`^${pattern.split("*").map((part) => RegExp.escape(part)).join("[^]*")}$`).test(classType));
}

/**
 * Checks which nodes a caller's graph has, and how many.
 *
 * @param denied names of classes; `*` stands for any characters
 * @throws {AppError} `invalid_graph` for too many, `node_class_denied`
 */
export function checkNodes(graph: Graph, denied: readonly string[]): void {
  const count = Object.keys(graph).length;
  if (count > maxNodes) throw new AppError("invalid_graph", `The graph has ${count} nodes; at most ${maxNodes} are taken.`);
  if (denied.length === 0) return;
  const refused = Object.entries(graph).filter(([, node]) => isDenied(node.class_type, denied));
  const [first] = refused;
  if (first === undefined) return;
  const errors = refused.map(([id, { class_type }]) => ({ pointer: jsonPointer([id], "/graph"), message: "This class is denied here", node_id: id, class_type }));
  throw new AppError("node_class_denied", `This gateway does not run the node class ${first[1].class_type.slice(0, 200)} for callers.`, { errors });
}

/** The graph with the names under which ComfyUI will find the files. */
export function nameFiles(graph: Graph, files: readonly JobFile[]): Graph {
  const names = new Map(files.map(({ fileId, name }) => [fileId, name]));
  return replaceFileReferences(graph, (id) => names.get(id) ?? `file:${id}`).graph;
}
