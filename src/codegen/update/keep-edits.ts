import type { Graph } from "../../graph/graph.ts";
import { type JsonValue, stringifyJson } from "../../json/exact.ts";
import type { Candidate, CandidateType } from "../plan/candidate.ts";
import type { Endpoint, Field } from "../plan/endpoint.ts";
import { narrowType, valueFault } from "../plan/narrow-type.ts";
import { type ExistingField, type ExistingModule, sameValue } from "./existing-module.ts";

export interface Update {
  readonly endpoint: Endpoint;
  /** What became of each field, for the author: one line each. */
  readonly changes: readonly string[];
}

/** How well a candidate is what an existing field sets: by node, else by class and input, which survive new node ids. */
function likeness(candidate: Candidate, field: ExistingField, graph: Graph): number {
  const places = new Set(field.sets.map(({ place }) => place));
  const kinds = new Set(field.sets.map(({ classType, input }) => `${classType}/${input}`));
  return Math.max(
    0,
    ...candidate.sets.map(({ nodeId, input }) => {
      const classType = graph[nodeId]?.class_type ?? "";
      if (!kinds.has(`${classType}/${input}`)) return 0;
      return places.has(`${nodeId}/${input}`) ? 2 : 1;
    }),
  );
}

function matches(candidates: readonly Candidate[], fields: readonly ExistingField[], graph: Graph): ReadonlyMap<string, Candidate> {
  const found = new Map<string, Candidate>();
  const taken = new Set<string>();
  // Exact places first, so that a moved node does not take what belongs to one that stayed.
  for (const wanted of [2, 1]) {
    for (const field of fields) {
      if (found.has(field.name)) continue;
      const candidate = candidates.find((each) => !taken.has(each.key) && likeness(each, field, graph) === wanted);
      if (candidate === undefined) continue;
      found.set(field.name, candidate);
      taken.add(candidate.key);
    }
  }
  return found;
}

function numberOr(value: JsonValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function isScalar(value: JsonValue): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** The author's tighter range or fewer options, where the catalog and the graph's own value still allow them. */
function keptType(candidate: Candidate, field: ExistingField): CandidateType {
  const { type } = candidate;
  const isNumeric = type.kind === "integer" || type.kind === "number";
  const isChoice = type.kind === "choice";
  const narrowed = narrowType(type, {
    min: isNumeric ? numberOr(field.min) : null,
    max: isNumeric ? numberOr(field.max) : null,
    options: isChoice && field.options !== undefined ? field.options.filter(isScalar) : null,
  });
  return "type" in narrowed && valueFault(narrowed.type, candidate.value) === null ? narrowed.type : type;
}

function keptField(planned: Field | undefined, candidate: Candidate, field: ExistingField): Field {
  const type = keptType(candidate, field);
  const isBare = candidate.type.kind === "file" || candidate.type.kind === "seed";
  return {
    candidate,
    name: field.name,
    description: field.description || (planned?.description ?? candidate.description),
    group: planned?.group ?? null,
    type,
    default: isBare || field.required ? undefined : candidate.value,
  };
}

/** Whether the module's graph had the knob already, and did not offer it: then its author does not want it. */
function wasLeftOut(candidate: Candidate, existing: ExistingModule, graph: Graph): boolean {
  return candidate.sets.some(({ nodeId, input }) => {
    const before = existing.graph[nodeId];
    return before !== undefined && before.class_type === graph[nodeId]?.class_type && Object.hasOwn(before.inputs, input);
  });
}

/**
 * The endpoint for a graph that has changed, with what an author wrote into the module kept: names, words, ranges, options, what is
 * required, and which knobs are fields at all. Defaults come from the graph, and what is new in it comes as planned.
 */
export function keepEdits(planned: Endpoint, existing: ExistingModule, graph: Graph, candidates: readonly Candidate[]): Update {
  const matched = matches(candidates, existing.fields, graph);
  const keys = new Set([...matched.values()].map(({ key }) => key));
  const kept = existing.fields.flatMap((field): Field[] => {
    const candidate = matched.get(field.name);
    return candidate === undefined ? [] : [keptField(planned.fields.find((each) => each.candidate.key === candidate.key), candidate, field)];
  });
  const names = new Set(kept.map((field) => field.name));
  const added = planned.fields.filter(
    ({ candidate, name }) => !keys.has(candidate.key) && !names.has(name) && !wasLeftOut(candidate, existing, graph),
  );
  const gone = existing.fields.filter((field) => !matched.has(field.name));
  const changes = [
    ...gone.map((field) => `- ${field.name}: the graph no longer has what it sets${field.sets.length === 0 ? "" : ` (${field.sets.map(({ place }) => place).join(", ")})`}`),
    ...added.map((field) => `+ ${field.name}: new`),
    ...kept.flatMap((field) => {
      const before = existing.fields.find((each) => each.name === field.name);
      return before === undefined || sameValue(before.default, field.default) ? [] : [`~ ${field.name}: default ${shown(before.default)} → ${shown(field.default)}`];
    }),
  ];
  const fields = [...kept, ...added];
  const used = new Set(fields.map((field) => field.candidate.key));
  return {
    endpoint: {
      ...planned,
      summary: existing.summary,
      description: existing.description,
      fields: regrouped(fields),
      leftOut: candidates.filter(({ key }) => !used.has(key)).map((candidate) => ({ candidate, reason: planned.leftOut.find((each) => each.candidate.key === candidate.key)?.reason ?? "the module does not offer it" })),
      outputs: planned.outputs.map(({ nodeId, name }) => ({ nodeId, name: existing.outputs[nodeId] ?? name })),
    },
    changes,
  };
}

function shown(value: JsonValue | undefined): string {
  const text = value === undefined ? "none" : stringifyJson(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** New fields join those of their heading. */
function regrouped(fields: readonly Field[]): readonly Field[] {
  const groups = [...new Set(fields.map((field) => field.group))];
  return groups.flatMap((group) => fields.filter((field) => field.group === group));
}
