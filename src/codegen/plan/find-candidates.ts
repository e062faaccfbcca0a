import type { Catalog } from "../../graph/catalog.ts";
import { isWidget, type CatalogInput } from "../../graph/catalog/input-spec.ts";
import { isLink, type Graph } from "../../graph/graph.ts";
import { describeInput } from "../../graph/parameters/describe-input.ts";
import type { Parameter } from "../../graph/parameters/parameter.ts";
import type { JsonValue } from "../../json/exact.ts";
import type { Candidate, CandidateType } from "./candidate.ts";
import { valueFault } from "./narrow-type.ts";
import { nameFault, plainWords, seedWords, snakeCase } from "./words.ts";

export interface FoundCandidates {
  readonly candidates: readonly Candidate[];
  /** Parameters of the graph that cannot become fields, and why. */
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
}

/** What a parameter says of itself, whether found by its role or only by the catalog. */
type Described = Pick<Parameter, "name" | "role" | "type" | "min" | "max" | "step" | "options" | "default" | "description" | "sets">;

/** A file of weights or settings: each installation has its own list of them. */
const fileName = /\.(?:safetensors|ckpt|pt|pt2|pth|bin|gguf|onnx|sft|yaml|json|patch|engine|task)$/i;
const fileRoles: ReadonlySet<string> = new Set(["model", "lora"]);

function isScalar(value: JsonValue): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isOpenList(parameter: Described, options: readonly JsonValue[]): boolean {
  if (fileRoles.has(parameter.role) || options.length === 0) return true;
  return typeof parameter.default === "string" && fileName.test(parameter.default);
}

/** Steps that the catalog's range and the graph's own value keep to; others are only a hint for arrow keys. */
function stepOf({ step, min, default: value }: Described): number | null {
  if (typeof step !== "number" || step <= 1 || typeof value !== "number" || !Number.isInteger(step)) return null;
  return value % step === 0 && (min === undefined || (typeof min === "number" && min % step === 0)) ? step : null;
}

function typeOf(parameter: Described): CandidateType | null {
  const { type, role, min, max } = parameter;
  const isWhole = typeof parameter.default === "bigint" || Number.isSafeInteger(parameter.default);
  if (role === "seed" && isWhole && (type === "integer" || type === "number")) return { kind: "seed", min: min ?? 0, max: max ?? 2n ** 64n - 1n };
  switch (type) {
    case "string":
      return { kind: "text" };
    case "integer":
      return { kind: "integer", min: min ?? Number.MIN_SAFE_INTEGER, max: max ?? Number.MAX_SAFE_INTEGER, step: stepOf(parameter) };
    case "number":
      return { kind: "number", min: min === undefined ? null : Number(min), max: max === undefined ? null : Number(max) };
    case "boolean":
      return { kind: "boolean" };
    case "choice": {
      const options = (parameter.options ?? []).filter(isScalar);
      return { kind: "choice", options: [...new Set(options)], open: isOpenList(parameter, options) };
    }
    case "image":
    case "mask":
      return { kind: "file", accepts: "image" };
    case "video":
    case "audio":
    case "file":
      return { kind: "file", accepts: type };
    case "json":
      return null;
  }
}

/** Longest description taken over from a tooltip. */
const maxDescriptionLength = 400;

/** What src/graph/parameters says where neither the author nor the catalog says anything. */
const noWords = /^“[^”]*” of the node “/;

function candidateOf(parameter: Described, suggested: boolean, authored: boolean): { readonly candidate: Candidate } | { readonly reason: string } {
  const type = typeOf(parameter);
  if (type === null) return { reason: "it is neither text, a number, a switch, a choice nor a file" };
  if (type.kind !== "seed" && typeof parameter.default === "bigint") return { reason: "whole numbers beyond 2^53 are only taken for seeds" };
  const fault = valueFault(type, parameter.default);
  if (fault !== null) return { reason: `the graph's own value ${fault} by this catalog` };
  const words = noWords.test(parameter.description) ? "" : plainWords(parameter.description, maxDescriptionLength);
  const description = words || (type.kind === "seed" ? seedWords : "");
  const { name: key, role, default: value, sets } = parameter;
  return { candidate: { key, role, type, value, description, authored: authored && words !== "", sets, suggested } };
}

/** Buttons and front-end state that stand among a node's values (comfyui-protocol.md §4.3); the server does not know them. */
const pseudoWidgets: ReadonlySet<string> = new Set(["control_after_generate", "control_before_generate", "control_filter_list", "choose file to upload", "upload"]);

export function isPseudoWidget(input: string): boolean {
  return pseudoWidgets.has(input.toLowerCase());
}

function isOffered({ name, spec }: CatalogInput, value: JsonValue | undefined): value is JsonValue {
  if (value === undefined || isLink(value) || !isWidget(spec) || isPseudoWidget(name)) return false;
  if (typeof value === "string" && fileName.test(value)) return false;
  return spec.kind === "int" || spec.kind === "float" || spec.kind === "boolean" || (spec.kind === "combo" && spec.upload === undefined);
}

/** Beyond the parameters found by role this many more are offered: what a model reads costs money, and a caller wants few. */
const maxOffered = 80;

/** The graph's other plain values, for a plan to pick from. */
function* otherValues(graph: Graph, catalog: Catalog, taken: ReadonlySet<string>): Generator<Described> {
  for (const [nodeId, node] of Object.entries(graph)) {
    for (const known of catalog.classes.get(node.class_type)?.inputs ?? []) {
      const value = node.inputs[known.name];
      if (!isOffered(known, value) || taken.has(JSON.stringify([nodeId, known.name]))) continue;
      const described = describeInput(known.spec, value);
      if (!described.inCatalog) continue;
      const name = snakeCase(`${node._meta?.title ?? node.class_type} ${known.name}`) || snakeCase(known.name) || "value";
      yield { ...described, name, role: "other", default: value, description: known.spec.tooltip ?? "", sets: [{ nodeId, input: known.name }] };
    }
  }
}

function unusedKey(wanted: string, taken: ReadonlySet<string>): string {
  const snake = nameFault(wanted) === null ? wanted : snakeCase(wanted);
  const base = nameFault(snake) === null ? snake : "value";
  // Room for the number, and no underscore before the one that leads it.
  const stem = base.slice(0, 36).replace(/_+$/, "");
  let key = base;
  for (let number = 2; taken.has(key); number += 1) key = `${stem}_${number}`;
  return key;
}

/** The knobs of a graph: its parameters (src/graph/parameters), then whatever else a plan may pick. */
export function findCandidates(graph: Graph, catalog: Catalog, parameters: readonly Parameter[]): FoundCandidates {
  const candidates: Candidate[] = [];
  const dropped: { name: string; reason: string }[] = [];
  const keys = new Set<string>();
  const add = (found: Described, suggested: boolean, authored: boolean): void => {
    const made = candidateOf({ ...found, name: unusedKey(found.name, keys) }, suggested, authored);
    if ("candidate" in made) {
      keys.add(made.candidate.key);
      candidates.push(made.candidate);
    } else if (suggested) {
      dropped.push({ name: found.name, reason: made.reason });
    }
  };
  for (const parameter of parameters) {
    if (parameter.sets.some(({ input }) => isPseudoWidget(input))) dropped.push({ name: parameter.name, reason: "it is a button of the front end" });
    else add(parameter, true, parameter.source !== "link");
  }
  const taken = new Set(parameters.flatMap(({ sets }) => sets.map(({ nodeId, input }) => JSON.stringify([nodeId, input]))));
  let offered = 0;
  for (const other of otherValues(graph, catalog, taken)) {
    if (offered >= maxOffered) break;
    add(other, false, false);
    offered += 1;
  }
  return { candidates, dropped };
}
