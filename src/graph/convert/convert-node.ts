import type { JsonValue } from "../../json/exact.ts";
import type { Catalog } from "../catalog.ts";
import type { ConversionProblem, PackHint } from "./conversion-report.ts";
import type { GuiNode } from "./export-model.ts";
import { isDynamicPrompt, isFilenamePattern } from "./front-end-text.ts";
import { groupNameOf } from "./node-kind.ts";
import { isList } from "./read-export.ts";
import type { LinkResolver } from "./resolve-link.ts";
import { executionId, type Scope } from "./scope.ts";
import { widgetInputs, type WidgetInput } from "./widget-layout.ts";
import { readWidgetValues, unlistedOptions, type WidgetValues } from "./widget-values.ts";

/** A node of the graph to be. */
export interface ConvertedNode {
  readonly nodeId: string;
  readonly classType: string;
  readonly shownTitle: string;
  /** What texts may call it: `Node name for S&R`, then its title. */
  readonly names: readonly string[];
  readonly literals: Map<string, JsonValue>;
  readonly links: ReadonlyMap<string, readonly [string, number]>;
  readonly defaulted: readonly string[];
  readonly unlisted: readonly string[];
  readonly rewritable: readonly string[];
  /** Inputs that the front end draws `{a|b}` in. */
  readonly dynamicPrompts: readonly string[];
  readonly problems: readonly ConversionProblem[];
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function packHintOf(node: GuiNode): PackHint | undefined {
  const registryId = textOf(node.properties["cnr_id"]);
  const repository = textOf(node.properties["aux_id"]);
  const version = textOf(node.properties["ver"]);
  if (registryId === undefined && repository === undefined) return undefined;
  return {
    ...(registryId === undefined ? {} : { registryId }),
    ...(repository === undefined ? {} : { repository }),
    ...(version === undefined ? {} : { version }),
  };
}

const subgraphId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function missingClass(nodeId: string, node: GuiNode): ConversionProblem {
  if (subgraphId.test(node.type) || groupNameOf(node.type) !== undefined) {
    const message = "The export does not hold the definition of this subgraph. Save the workflow again with the subgraph in it.";
    return { kind: "missing_class", nodeId, classType: node.type, message };
  }
  const pack = packHintOf(node);
  const name = pack?.registryId ?? pack?.repository;
  const source = name === undefined ? "The export does not say which pack has it." : name === "comfy-core" ? "It comes with a newer ComfyUI." : `It comes with the pack ${name}.`;
  const message = `The catalog has no class ${node.type}. ${source} Install it in ComfyUI and convert again.`;
  return { kind: "missing_class", nodeId, classType: node.type, message, ...(pack === undefined ? {} : { pack }) };
}

/** Widgets whose value does not exist before the front end has uploaded it, at the moment it queues. */
const madeInBrowser: ReadonlySet<string> = new Set(["LOAD_3D", "LOAD_3D_ANIMATION", "AUDIO_RECORD", "WEBCAM"]);

function browserProblems(inputs: readonly WidgetInput[], fed: ReadonlySet<string>): { kind: "ambiguous"; input: string; message: string }[] {
  return inputs.filter(({ key, spec }) => spec.kind === "widget" && madeInBrowser.has(spec.widgetType) && !fed.has(key)).map(({ key }) => ({
    kind: "ambiguous",
    input: key,
    message: `The front end makes “${key}” (a recording, a camera picture, a view of a model) only when it queues. Give the graph a file instead.`,
  }));
}

/** All that can be known without the class: values that are saved by name. */
function namedOnly(node: GuiNode): WidgetValues {
  const named = node.namedValues ?? (isList(node.values) ? undefined : node.values) ?? {};
  const values = new Map(Object.entries(named).flatMap(([key, value]) => (value === undefined || value === null ? [] : [[key, value] as const])));
  return { values, defaulted: [], problems: [] };
}

/** Makes the graph node of one node that is run. */
export function convertNode(scope: Scope, node: GuiNode, catalog: Catalog, resolver: LinkResolver): ConvertedNode {
  const nodeId = executionId(scope, node);
  const nodeClass = catalog.classes.get(node.type);
  const read = nodeClass === undefined ? namedOnly(node) : readWidgetValues(node, nodeClass);
  const about = { nodeId, classType: node.type };
  const problems: ConversionProblem[] = nodeClass === undefined ? [missingClass(nodeId, node)] : [];
  const literals = new Map([...read.values, ...(scope.overrides.get(node.id) ?? [])]);
  const links = new Map<string, readonly [string, number]>();
  const fed = new Set<string>();
  for (const [index, input] of node.inputs.entries()) {
    if (input.name === "") continue;
    const origin = resolver.resolve(scope, node, index);
    if (origin.kind === "nothing") continue;
    fed.add(input.name);
    if (origin.kind === "value") {
      literals.set(input.name, origin.value);
      continue;
    }
    literals.delete(input.name);
    if (origin.kind === "output") links.set(input.name, [origin.nodeId, origin.slot]);
    if (origin.kind === "broken") problems.push({ kind: "dropped", ...about, input: input.name, message: `The input “${input.name}” was left without a link. ${origin.message}` });
  }
  // What a link or the instance above decides is not in doubt.
  problems.push(...read.problems.filter((problem) => problem.input === undefined || !fed.has(problem.input)).map((problem) => ({ ...about, ...problem })));
  const inputs = widgetInputs(nodeClass?.inputs ?? []);
  problems.push(...browserProblems(inputs, fed).map((problem) => ({ ...about, ...problem })));
  const dynamicPrompts = inputs.filter(({ spec }) => spec.kind === "string" && spec.dynamicPrompts).map((input) => input.key);
  const rewritable = [...literals].filter(([key, value]) => {
    if (typeof value !== "string") return false;
    return (key === "filename_prefix" && isFilenamePattern(value)) || (dynamicPrompts.includes(key) && isDynamicPrompt(value));
  });
  const searchName = textOf(node.properties["Node name for S&R"]);
  return {
    nodeId,
    classType: node.type,
    shownTitle: node.title ?? nodeClass?.displayName ?? node.type,
    names: [searchName, node.title].filter((name) => name !== undefined),
    literals,
    links,
    defaulted: read.defaulted.filter((key) => !fed.has(key)),
    unlisted: nodeClass === undefined ? [] : unlistedOptions(nodeClass, literals),
    rewritable: rewritable.map(([key]) => key),
    dynamicPrompts,
    problems,
  };
}
