import type { JsonValue } from "../../json/exact.ts";
import type { Catalog } from "../catalog.ts";
import type { Graph } from "../graph.ts";
import { convertNode, type ConvertedNode } from "./convert-node.ts";
import type { ConversionProblem, ConversionReport, NodeReport } from "./conversion-report.ts";
import { bypassedMode, mutedMode, type GuiExport, type GuiNode } from "./export-model.ts";
import { rewriteTexts } from "./rewrite-texts.ts";
import type { TextRewriting } from "./front-end-text.ts";
import { isBroadcaster } from "./node-kind.ts";
import { PromotedValues } from "./promoted-values.ts";
import { readExport } from "./read-export.ts";
import { LinkResolver } from "./resolve-link.ts";
import { executionId, unfoldScopes, type Scope } from "./scope.ts";

export interface ConversionOptions {
  /** Rewrites text as the front end does when it queues: dates and widgets in file names, `{a|b}` in prompts. Left out: text stays as it is. */
  readonly rewriting?: TextRewriting;
}

export interface Conversion {
  readonly graph: Graph;
  readonly report: ConversionReport;
}

/** Whether a node that the catalog does not know is tied to anything; on its own it is a note or a panel. */
function isTied(scope: Scope, node: GuiNode, sources: ReadonlySet<string>): boolean {
  return sources.has(node.id) || node.inputs.some((input) => input.link !== undefined && scope.graph.links.has(input.link));
}

/** The nodes that something may be taken from. */
function sourcesOf(scope: Scope, file: GuiExport): ReadonlySet<string> {
  const broadcasts = scope.host === undefined ? file.broadcastLinks : [];
  return new Set([...scope.graph.links.values(), ...broadcasts].map((link) => link.originId));
}

/** What becomes of a node that is not in the graph; `undefined`: it is in the graph. */
function outcomeWithoutGraph(scope: Scope, node: GuiNode, sources: ReadonlySet<string>): NodeReport["outcome"] | undefined {
  const kind = scope.kinds.get(node.id);
  const switchable = kind === "real" || kind === "unknown" || kind === "subgraph" || kind === "group";
  if (switchable && node.mode === mutedMode) return "muted";
  if (switchable && node.mode === bypassedMode) return "bypassed";
  if (kind === "real" || (kind === "unknown" && isTied(scope, node, sources))) return undefined;
  return "virtual";
}

function reportOf(nodeId: string, node: GuiNode, outcome: NodeReport["outcome"], details: Partial<NodeReport> = {}): NodeReport {
  const title = node.title === undefined ? {} : { title: node.title };
  return { nodeId, classType: node.type, ...title, outcome, defaulted: [], unlisted: [], rewritable: [], ...details };
}

function broadcastProblems(scope: Scope): ConversionProblem[] {
  return scope.graph.nodes.filter((node) => isBroadcaster(node.type) && node.mode !== mutedMode && node.mode !== bypassedMode).map((node) => ({
    kind: "ambiguous",
    nodeId: executionId(scope, node),
    classType: node.type,
    message: `${node.type} hands its values on without links, by rules of its own. Export the workflow in API format instead (“Export (API)”).`,
  }));
}

/**
 * Turns a GUI-format export into a graph as the front end does when it queues (comfyui-protocol.md §4.2–4.6). What
 * cannot be known from the file and the catalog is named in the report and makes it inexact; the graph then holds the
 * best that could be made of it.
 *
 * @param gui from parseJson or parsePythonJson, so that seeds are exact
 * @throws {AppError} `invalid_export` when `gui` is not a GUI-format export, or unfolds without bound
 */
export function convertExport(gui: unknown, catalog: Catalog, options: ConversionOptions = {}): Conversion {
  const file = readExport(gui);
  const problems: ConversionProblem[] = [];
  const scopes = unfoldScopes(file, catalog, problems);
  const resolver = new LinkResolver(file, new PromotedValues(file, catalog, problems));
  const converted: ConvertedNode[] = [];
  const reports: NodeReport[] = [];
  for (const scope of scopes) {
    if (file.broadcastLinks.length === 0) problems.push(...broadcastProblems(scope));
    const sources = sourcesOf(scope, file);
    for (const node of scope.graph.nodes) {
      const outcome = outcomeWithoutGraph(scope, node, sources);
      if (outcome !== undefined) {
        reports.push(reportOf(executionId(scope, node), node, outcome));
        continue;
      }
      const made = convertNode(scope, node, catalog, resolver);
      converted.push(made);
      problems.push(...made.problems);
      const missing = made.problems.some((problem) => problem.kind === "missing_class");
      reports.push(reportOf(made.nodeId, node, missing ? "missing_class" : made.problems.length > 0 ? "ambiguous" : "converted", made));
    }
  }
  if (options.rewriting !== undefined) rewriteTexts(converted, options.rewriting);
  const graph = Object.fromEntries(converted.map((node) => [node.nodeId, { class_type: node.classType, inputs: inputsOf(node), _meta: { title: node.shownTitle } }]));
  return { graph, report: { exact: problems.length === 0, problems, nodes: reports } };
}

/** A literal list is wrapped, for a bare one is a link (comfyui-protocol.md §1.1). */
function inputsOf(node: ConvertedNode): Record<string, JsonValue> {
  return Object.fromEntries([...node.literals].map(([key, value]) => [key, Array.isArray(value) ? { __value__: value } : value] as const).concat([...node.links]));
}
