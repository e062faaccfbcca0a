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

/** The graph with the names under which ComfyUI will find the files. */
export function nameFiles(graph: Graph, files: readonly JobFile[]): Graph {
  const names = new Map(files.map(({ fileId, name }) => [fileId, name]));
  return replaceFileReferences(graph, (id) => names.get(id) ?? `file:${id}`).graph;
}
