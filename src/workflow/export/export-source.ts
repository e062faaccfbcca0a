import { z } from "zod";
import { AppError } from "../../errors/app-error.ts";
import type { Catalog } from "../../graph/catalog.ts";
import { convertExport } from "../../graph/convert/convert-export.ts";
import type { ConversionProblem, PackHint } from "../../graph/convert/conversion-report.ts";
import { readExport, type ExportFile } from "../../graph/export/read-export.ts";
import type { Graph } from "../../graph/graph.ts";
import { applyParameters } from "../../graph/parameters/apply-parameters.ts";
import { findParameters } from "../../graph/parameters/find-parameters.ts";
import type { Parameter } from "../../graph/parameters/parameter.ts";
import type { JsonObject } from "../../json/exact.ts";
import { buildWorkflow } from "../built-workflow.ts";
import { exportFault } from "../source/export-fault.ts";
import { descriptionOf, graphMetadata, summaryOf } from "../source/graph-metadata.ts";
import { failedWith, type SourceOutcome } from "../source/source-outcome.ts";
import type { SourceProblem } from "../source/source-problem.ts";
import { placeOfNode } from "./node-place.ts";
import { parameterField } from "./parameter-field.ts";

export interface ExportSource {
  readonly id: string;
  readonly file: string;
  readonly bytes: Uint8Array;
}

function packName({ registryId, repository, version }: PackHint): string {
  const name = registryId ?? repository;
  return name === undefined ? "" : ` (it comes with the pack ${name}${version === undefined ? "" : ` ${version}`})`;
}

/** A reason why a GUI-format export cannot be turned into exactly its graph, where the node stands in the file. */
export function conversionProblem({ file, bytes }: Pick<ExportSource, "file" | "bytes">, problem: ConversionProblem): SourceProblem {
  const { nodeId, classType, message, pack } = problem;
  const known = message.includes(classType) ? "" : `${classType}: `;
  return { file, place: placeOfNode(bytes, nodeId), message: `Node ${nodeId}: ${known}${message}${pack === undefined ? "" : packName(pack)}` };
}

interface ReadGraph {
  /** Of the format that the graph was made from. */
  readonly kind: ExportFile["kind"];
  readonly graph: Graph;
  readonly gui: JsonObject | undefined;
}

function toGraph(source: ExportSource, read: ExportFile, catalog: Catalog): ReadGraph | { readonly problems: readonly SourceProblem[] } {
  if (read.kind === "api") return { kind: "api", graph: read.graph, gui: read.gui };
  const { graph, report } = convertExport(read.workflow, catalog);
  if (!report.exact) return { problems: report.problems.map((problem) => conversionProblem(source, problem)) };
  if (Object.keys(graph).length === 0) return { problems: [{ file: source.file, place: null, message: "The export has no node that would run" }] };
  return { kind: "gui", graph, gui: read.workflow };
}

/** The reading and conversion of an export, with an error of either as a problem of its file. */
export function readGraph(source: ExportSource, catalog: Catalog): ReadGraph | { readonly problems: readonly SourceProblem[] } {
  try {
    return toGraph(source, readExport(source.bytes), catalog);
  } catch (error) {
    if (error instanceof AppError) return { problems: [exportFault(source.file, source.bytes, error)] };
    throw error;
  }
}

export function parametersSchema(parameters: readonly Parameter[]): z.ZodObject {
  return z.object(Object.fromEntries(parameters.map((parameter) => [parameter.name, parameterField(parameter)])));
}

/**
 * A file saved from ComfyUI, in GUI or API format: its parameters become the inputs, and with none of them given the
 * graph is the export's own.
 */
export function workflowFromExport(source: ExportSource, catalog: Catalog): SourceOutcome {
  const read = readGraph(source, catalog);
  if ("problems" in read) return failedWith(...read.problems);
  const { graph, gui } = read;
  const parameters = findParameters(graph, catalog, gui === undefined ? {} : { gui });
  const metadata = graphMetadata(graph, catalog, gui);
  const workflow = buildWorkflow(source.id, {
    schema: parametersSchema(parameters),
    generate: (inputs) => applyParameters(graph, parameters, inputs),
    summary: summaryOf(source.id),
    description: descriptionOf(source.id, metadata),
    metadata,
  });
  return { workflow, problems: [], notes: [] };
}
