import { z } from "zod";
import { AppError } from "../../errors/app-error.ts";
import type { Catalog } from "../../graph/catalog.ts";
import { convertExport } from "../../graph/convert/convert-export.ts";
import type { ConversionProblem, ConversionReport, PackHint } from "../../graph/convert/conversion-report.ts";
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
import { withOwnClasses } from "./own-classes.ts";
import { parameterField } from "./parameter-field.ts";

export interface ExportSource {
  readonly id: string;
  readonly file: string;
  readonly bytes: Uint8Array;
}

function packName(pack: PackHint | undefined): string {
  const name = pack?.registryId ?? pack?.repository;
  return name === undefined ? "" : ` (it comes with the pack ${name})`;
}

/** A reason why a GUI-format export cannot be turned into exactly its graph, where the node stands in the file. */
export function conversionProblem({ file, bytes }: Pick<ExportSource, "file" | "bytes">, problem: ConversionProblem): SourceProblem {
  const { nodeId, classType, message } = problem;
  const known = message.includes(classType) ? "" : `${classType}: `;
  return { file, place: placeOfNode(bytes, nodeId), message: `Node ${nodeId}: ${known}${message}` };
}

interface ReadGraph {
  /** Of the format that the graph was made from. */
  readonly kind: ExportFile["kind"];
  readonly graph: Graph;
  readonly gui: JsonObject | undefined;
  /** With the classes that are known from the export alone. */
  readonly catalog: Catalog;
  readonly notes: readonly SourceProblem[];
}

type ReadResult = ReadGraph | { readonly problems: readonly SourceProblem[] };

/** Once more, with what the export itself tells of the classes that made problems. */
function convertByItself(source: ExportSource, gui: JsonObject, catalog: Catalog, report: ConversionReport): ReadResult {
  const own = withOwnClasses(gui, catalog, new Set(report.problems.map(({ classType }) => classType)));
  const again = own.names.length === 0 ? { graph: {}, report } : convertExport(own.gui, own.catalog);
  if (!again.report.exact) return { problems: again.report.problems.map((problem) => conversionProblem(source, problem)) };
  const notes = own.names.map((name): SourceProblem => {
    const problem = report.problems.find(({ classType }) => classType === name);
    const why = problem?.kind === "missing_class" ? `The catalog has no class ${name}${packName(problem.pack)}` : `The catalog's ${name} does not fit this export`;
    return { file: source.file, place: problem === undefined ? null : placeOfNode(source.bytes, problem.nodeId), message: `${why}; its inputs are as the export lists them` };
  });
  return { kind: "gui", graph: again.graph, gui: own.gui, catalog: own.catalog, notes };
}

function toGraph(source: ExportSource, read: ExportFile, catalog: Catalog): ReadResult {
  if (read.kind === "api") return { kind: "api", graph: read.graph, gui: read.gui, catalog, notes: [] };
  const { graph, report } = convertExport(read.workflow, catalog);
  if (!report.exact) return convertByItself(source, read.workflow, catalog, report);
  if (Object.keys(graph).length === 0) return { problems: [{ file: source.file, place: null, message: "The export has no node that would run" }] };
  return { kind: "gui", graph, gui: read.workflow, catalog, notes: [] };
}

/** The reading and conversion of an export, with an error of either as a problem of its file. */
export function readGraph(source: ExportSource, catalog: Catalog): ReadResult {
  try {
    return toGraph(source, readExport(source.bytes), catalog);
  } catch (error) {
    if (error instanceof AppError) return { problems: [exportFault(source.file, source.bytes, error)] };
    throw error;
  }
}

function parametersSchema(parameters: readonly Parameter[]): z.ZodObject {
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
  const parameters = findParameters(graph, read.catalog, gui === undefined ? {} : { gui });
  const metadata = graphMetadata(graph, read.catalog, gui);
  const workflow = buildWorkflow(source.id, {
    schema: parametersSchema(parameters),
    generate: (inputs) => applyParameters(graph, parameters, inputs),
    summary: summaryOf(source.id),
    description: descriptionOf(source.id, metadata),
    metadata,
  });
  return { workflow, problems: [], notes: read.notes };
}
