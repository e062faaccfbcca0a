import type { Catalog } from "../../graph/catalog.ts";
import { convertExport } from "../../graph/convert/convert-export.ts";
import type { NodeReport } from "../../graph/convert/conversion-report.ts";
import { readExport } from "../../graph/export/read-export.ts";
import type { Graph } from "../../graph/graph.ts";
import { conversionProblem } from "./export-source.ts";

/** A file saved from ComfyUI, turned into a graph. */
export interface ConvertedFile {
  readonly graph: Graph;
  /** Nothing was guessed, dropped or left open. */
  readonly exact: boolean;
  /** What makes it inexact, each with its place in the file. */
  readonly problems: readonly string[];
  /** What became of each node, one line each; empty for a file that held a graph. */
  readonly nodes: readonly string[];
  /** What in the file could not be used, although the graph could. */
  readonly notes: readonly string[];
}

function nodeLine({ nodeId, classType, title, outcome, defaulted, unlisted, rewritable }: NodeReport): string {
  const named = title === undefined || title === classType ? classType : `${classType} “${title}”`;
  const facts = [
    ...(defaulted.length === 0 ? [] : [`defaults for ${defaulted.join(", ")}`]),
    ...(unlisted.length === 0 ? [] : [`not among the options: ${unlisted.join(", ")}`]),
    ...(rewritable.length === 0 ? [] : [`text that ComfyUI's page would rewrite: ${rewritable.join(", ")}`]),
  ];
  return `${nodeId}  ${outcome}  ${named}${facts.length === 0 ? "" : `; ${facts.join("; ")}`}`;
}

/**
 * @param file its name, for messages
 * @throws {AppError} `invalid_export` or `invalid_graph` when it holds no workflow
 */
export function convertFile(file: string, bytes: Uint8Array, catalog: Catalog): ConvertedFile {
  const read = readExport(bytes);
  if (read.kind === "api") return { graph: read.graph, exact: true, problems: [], nodes: [], notes: read.notes };
  const { graph, report } = convertExport(read.workflow, catalog);
  const problems = report.problems.map((problem) => {
    const { place, message } = conversionProblem({ file, bytes }, problem);
    return `${file}${place === null ? "" : `:${place.line}:${place.column}`}: ${message}`;
  });
  return { graph, exact: report.exact, problems, nodes: report.nodes.map(nodeLine), notes: read.notes };
}
