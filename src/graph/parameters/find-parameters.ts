import { type JsonObject, type JsonValue, stringifyJson } from "../../json/exact.ts";
import type { Catalog } from "../catalog.ts";
import type { Graph } from "../graph.ts";
import { findAppMode } from "./app-mode.ts";
import type { Candidate } from "./candidate.ts";
import { type Described, describeInput, intersection } from "./describe-input.ts";
import { findExternalNodes } from "./external-nodes.ts";
import { findFiles } from "./file-roles.ts";
import { findEffects, findModels } from "./model-roles.ts";
import { findPrefixes } from "./output-roles.ts";
import type { GraphInput, Parameter } from "./parameter.ts";
import { NameList } from "./parameter-name.ts";
import { findSampling, findSwitches } from "./sampling-roles.ts";
import { findSizes } from "./size-roles.ts";
import { findTexts } from "./text-roles.ts";
import { findTitleMarks } from "./title-marks.ts";
import { type Wiring, wire } from "./wiring.ts";

interface Entry {
  readonly candidate: Candidate;
  readonly value: JsonValue;
  described: Described;
  readonly targets: GraphInput[];
}

function keyOf({ nodeId, input }: GraphInput): string {
  return `${nodeId}\0${input}`;
}

function byLinks(wiring: Wiring): Candidate[] {
  const texts = findTexts(wiring);
  const sampling = findSampling(wiring);
  const generates = texts.length > 0 || sampling.length > 0;
  return [
    ...texts, ...findFiles(wiring), ...sampling, ...findSizes(wiring), ...findModels(wiring), ...findSwitches(wiring),
    ...(generates ? [] : findEffects(wiring)),
    ...findPrefixes(wiring),
  ];
}

function describe(wiring: Wiring, { target, feeds, type }: Candidate, value: JsonValue): Described {
  const own = describeInput(wiring.specOf(target), value);
  const fed = feeds === undefined || keyOf(feeds) === keyOf(target) ? own : describeInput(wiring.specOf(feeds), value);
  const both = intersection(own, fed);
  return type === undefined ? both : { ...both, type, options: undefined };
}

/** The literal that a candidate sets; `undefined` when it sets a link, a button or nothing. */
function valueOf(wiring: Wiring, target: GraphInput): JsonValue | undefined {
  return wiring.literals(target.nodeId).find((literal) => literal.input === target.input)?.value;
}

/** An author's choice, with what the links show of the same input: its role, and the input that its value ends up in. */
function withRole(found: Candidate, linked: Candidate | undefined): Candidate {
  if (found.role !== "other" || linked === undefined) return found;
  return { ...found, role: linked.role, feeds: linked.feeds, type: found.type ?? linked.type, name: found.weakName === true ? linked.name : found.name };
}

function collect(wiring: Wiring, candidates: readonly Candidate[], linked: ReadonlyMap<string, Candidate>): Entry[] {
  const taken = new Set<string>();
  const entries = new Map<string, Entry>();
  for (const found of candidates) {
    const key = keyOf(found.target);
    const value = valueOf(wiring, found.target);
    if (value === undefined || taken.has(key)) continue;
    taken.add(key);
    const candidate = withRole(found, linked.get(key));
    const described = describe(wiring, candidate, value);
    const joins = candidate.joins === undefined ? key : stringifyJson([candidate.source, candidate.joins, described.type, value]);
    const equal = entries.get(joins);
    if (equal === undefined) {
      entries.set(joins, { candidate, value, described, targets: [found.target] });
    } else {
      equal.described = intersection(equal.described, described);
      equal.targets.push(found.target);
    }
  }
  return [...entries.values()];
}

function descriptionOf(wiring: Wiring, { candidate }: Entry): string {
  const { feeds, target } = candidate;
  const tooltip = candidate.description ?? wiring.specOf(feeds ?? target)?.tooltip ?? wiring.specOf(target)?.tooltip;
  if (tooltip !== undefined) return tooltip;
  const node = wiring.node(target.nodeId);
  const title = node?._meta?.title ?? wiring.classOf(target.nodeId)?.displayName ?? node?.class_type ?? "";
  return `“${target.input}” of the node “${title}”`;
}

/**
 * The inputs of a graph worth exposing: first what its author chose (App Mode, titles with `$name`, external-input
 * nodes), then what the links between nodes show to be a prompt, a seed, a size and so on. An input belongs to one
 * parameter only; what is found first keeps it. Never throws.
 *
 * @param options.gui the same workflow in GUI format, for App Mode
 */
export function findParameters(graph: Graph, catalog: Catalog, options: { readonly gui?: JsonObject | undefined } = {}): Parameter[] {
  const wiring = wire(graph, catalog);
  const linked = byLinks(wiring);
  const byInput = new Map(linked.toReversed().map((candidate) => [keyOf(candidate.target), candidate]));
  const chosen = [...findAppMode(wiring, options.gui), ...findTitleMarks(wiring), ...findExternalNodes(wiring)];
  const names = new NameList();
  return collect(wiring, [...chosen, ...linked], byInput).map((entry) => {
    return {
      name: names.unused(entry.candidate.name),
      role: entry.candidate.role,
      source: entry.candidate.source,
      ...entry.described,
      default: entry.value,
      description: descriptionOf(wiring, entry),
      sets: entry.targets,
    };
  });
}
