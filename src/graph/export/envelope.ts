import type { JsonObject } from "../../json/exact.ts";
import { isRecord, isShallowJson } from "../catalog/json-shape.ts";

/** What was found in one JSON document. */
export interface Found {
  /** In API format, not yet checked in detail. */
  readonly graph: Readonly<Record<string, unknown>> | undefined;
  readonly gui: JsonObject | undefined;
}

/** Deepest envelope met: `extra_data.extra_pnginfo.workflow` of a /prompt body inside a history entry. */
const maxEnvelopeDepth = 6;
/** An envelope has few members; a document with more is something else. */
const maxMembers = 2_000;
/** An envelope as text inside JSON (video metadata): read once more, but no deeper. */
const maxTextDepth = 2;

/** Whether this is a graph in API format: at least one of its values is a node. */
function isApiFormat(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && Object.values(value).some((node) => isRecord(node) && typeof node["class_type"] === "string");
}

/** Whether this is a workflow in GUI format (comfyui-protocol.md §4.1): a list of nodes that have types. */
function isGuiFormat(value: unknown): value is JsonObject {
  if (!isRecord(value)) return false;
  const nodes = value["nodes"];
  return Array.isArray(nodes) && nodes.some((node) => isRecord(node) && typeof node["type"] === "string") && isShallowJson(value);
}

/**
 * Looks through envelopes for a graph and a workflow, the nearest first: `{prompt}`, `{input: {workflow}}`,
 * `{output, workflow}`, a /prompt body, an entry of /history, metadata of a video, and whatever else wraps one.
 *
 * @param parseText reads JSON that stands as text inside the document; may throw, and then the text counts as text
 */
export function findInEnvelope(document: unknown, parseText: (text: string) => unknown): Found {
  let level: { readonly value: unknown; readonly textDepth: number }[] = [{ value: document, textDepth: 0 }];
  let graph: Found["graph"];
  let gui: Found["gui"];
  let members = 0;
  for (let depth = 0; depth <= maxEnvelopeDepth && level.length > 0; depth += 1) {
    const next: typeof level = [];
    for (const { value, textDepth } of level) {
      if (isGuiFormat(value)) {
        gui ??= value;
      } else if (isApiFormat(value)) {
        graph ??= value;
      } else if (typeof value === "string") {
        const parsed = textDepth < maxTextDepth && /^\s*\{/.test(value) ? parseText(value) : undefined;
        if (parsed !== undefined) next.push({ value: parsed, textDepth: textDepth + 1 });
      } else if (typeof value === "object" && value !== null) {
        const inner: readonly unknown[] = Object.values(value);
        members += inner.length;
        if (members > maxMembers) return { graph, gui };
        next.push(...inner.map((member) => ({ value: member, textDepth })));
      }
    }
    if (graph !== undefined && gui !== undefined) break;
    level = next;
  }
  return { graph, gui };
}
