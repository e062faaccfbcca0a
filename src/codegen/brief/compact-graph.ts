import { isLink, type Graph } from "../../graph/graph.ts";
import { type JsonObject, type JsonValue, stringifyJson } from "../../json/exact.ts";
import type { Candidate } from "../plan/candidate.ts";
import { isSecretName, looksSecret } from "./secret.ts";

/** What of a text is enough to know what it is for. */
const maxTextLength = 400;
/** Base64 of this length is a picture, or a mask; no text has so long a word. */
const encoded = /^(?:data:[\w/+.;=-]*,)?[A-Za-z0-9+/=_-]{256,}$/;
/** The rest of a longer list is told by its length. */
const maxListLength = 40;
const maxDepth = 6;

function compactText(text: string): string {
  if (/^data:/i.test(text) || encoded.test(text)) return `<${text.length} characters of data>`;
  if (looksSecret(text)) return "<hidden>";
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}… <${text.length} characters>` : text;
}

/** A value as it may leave the machine: no key, no picture, no long text. */
function compactValue(input: string, value: JsonValue | undefined, depth = 0): JsonValue {
  if (value === undefined || value === null) return null;
  if (isSecretName(input) && typeof value === "string" && value !== "") return "<hidden>";
  if (typeof value === "string") return compactText(value);
  if (typeof value !== "object") return value;
  if (depth >= maxDepth) return "<more>";
  if (isList(value)) {
    const items = value.slice(0, maxListLength).map((item) => compactValue(input, item, depth + 1));
    return value.length > maxListLength ? [...items, `<${value.length} in all>`] : items;
  }
  const members = Object.entries(value).slice(0, maxListLength);
  return Object.fromEntries(members.map(([name, member]) => [name, compactValue(name, member, depth + 1)]));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function compactNode(node: Graph[string]): JsonObject {
  const inputs = Object.entries(node.inputs).map(([input, value]): [string, JsonValue] => [input, isLink(value) ? value : compactValue(input, value)]);
  const title = node._meta?.title;
  return { class: node.class_type, ...(title === undefined || title === node.class_type ? {} : { title: compactText(title) }), inputs: Object.fromEntries(inputs) };
}

/** Options beyond these say nothing new about what a choice is. */
const maxOptions = 60;

function compactCandidate(candidate: Candidate, graph: Graph): JsonObject {
  const { type } = candidate;
  const sets = candidate.sets.map(({ nodeId, input }) => ({ node: nodeId, class: graph[nodeId]?.class_type ?? null, input }));
  const [first] = candidate.sets;
  return {
    key: candidate.key,
    role: candidate.role,
    suggested: candidate.suggested,
    type: type.kind,
    ...("min" in type ? { min: type.min, max: type.max } : {}),
    ...(type.kind === "choice" ? { options: compactValue("options", type.options.slice(0, maxOptions)), any_file: type.open } : {}),
    ...(type.kind === "file" ? { accepts: type.accepts } : {}),
    value: compactValue(first?.input ?? candidate.key, candidate.value),
    ...(candidate.description === "" ? {} : { description: candidate.description }),
    sets,
  };
}

export interface Subject {
  readonly graph: Graph;
  readonly candidates: readonly Candidate[];
  readonly outputNodes: readonly string[];
  /** Name of the export's file, without folders. */
  readonly file: string;
  /** Where the module will stand; null: the plan may say. */
  readonly id: string | null;
}

/**
 * What the language model gets to see: the graph and its knobs as one JSON document, without keys, pictures and long texts.
 * Everything in it is data of strangers, which the prompt says.
 */
export function compactSubject({ graph, candidates, outputNodes, file, id }: Subject): string {
  return stringifyJson({
    file: compactText(file),
    id,
    candidates: candidates.map((candidate) => compactCandidate(candidate, graph)),
    outputs: outputNodes.map((nodeId) => ({ node_id: nodeId, class: graph[nodeId]?.class_type ?? null })),
    graph: Object.fromEntries(Object.entries(graph).map(([nodeId, node]) => [nodeId, compactNode(node)])),
  });
}
