import { z } from "zod";
import type { JsonObject, JsonValue } from "../json/exact.ts";
import type { HistoryEntry, RunFailure } from "./history.ts";
import { anyJson } from "./json-value.ts";
import { plainException } from "./plain-message.ts";

const failureSchema = z.looseObject({
  node_id: z.string().nullish().catch(null),
  node_type: z.string().nullish().catch(null),
  exception_message: z.string().nullish().catch(null),
  exception_type: z.string().nullish().catch(null),
});

const entrySchema = z.looseObject({
  /** `[number, prompt_id, graph, …]` */
  prompt: z.tuple([z.unknown(), z.unknown(), z.record(z.string(), z.unknown())], z.unknown()).nullish().catch(null),
  outputs: z.record(z.string(), anyJson),
  status: z
    .looseObject({ status_str: z.string(), messages: z.array(z.tuple([z.string(), z.unknown()], z.unknown())).catch([]) })
    .nullish(),
  meta: z
    .record(z.string(), z.looseObject({ display_node: z.string().nullish(), real_node_id: z.string().nullish() }))
    .nullish()
    .catch(null),
});

type Entry = z.infer<typeof entrySchema>;

function messagesOf(entry: Entry, name: string): unknown[] {
  return (entry.status?.messages ?? []).filter(([type]) => type === name).map(([, data]) => data);
}

/**
 * The node of the sent graph that a node stands for. Nodes that ComfyUI expanded have ids of their own
 * (comfyui-protocol.md §2.3): `meta` tells where they came from, else the part of the id before its first dot.
 */
function ownerOf(nodeId: string, entry: Entry): string {
  const graph = entry.prompt?.[2];
  const { display_node: displayed, real_node_id: real } = entry.meta?.[nodeId] ?? {};
  if (graph === undefined) return displayed ?? real ?? nodeId;
  const candidates = [nodeId, displayed, real, nodeId.split(".")[0]];
  return candidates.find((id) => typeof id === "string" && Object.hasOwn(graph, id)) ?? nodeId;
}

function isDictionary(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? z.array(anyJson).parse(value) : [value];
}

/** As ComfyUI merges the calls of one node: the lists under each key, one after the other. */
function merge(first: JsonValue, second: JsonValue): JsonValue {
  if (!isDictionary(first) || !isDictionary(second)) return [...listOf(first), ...listOf(second)];
  const keys = new Set([...Object.keys(first), ...Object.keys(second)]);
  return Object.fromEntries([...keys].map((key) => [key, [...listOf(first[key]), ...listOf(second[key])]]));
}

function outputsOf(entry: Entry): Record<string, JsonValue> {
  const outputs = new Map<string, JsonValue>();
  for (const [nodeId, ui] of Object.entries(entry.outputs)) {
    const owner = ownerOf(nodeId, entry);
    const earlier = outputs.get(owner);
    outputs.set(owner, earlier === undefined ? ui : merge(earlier, ui));
  }
  return Object.fromEntries(outputs);
}

/** Interrupted runs have the status of failed ones; only their message tells (comfyui-protocol.md §1.3). */
function failureOf(entry: Entry): RunFailure | null {
  const status = entry.status?.status_str;
  if (status === undefined || status === "success") return null;
  const interruption = messagesOf(entry, "execution_interrupted").at(-1);
  const kind = interruption === undefined ? "error" : "interrupted";
  const data = failureSchema.safeParse(interruption ?? messagesOf(entry, "execution_error").at(-1)).data;
  const nodeId = data?.node_id ?? null;
  return {
    kind,
    nodeId: nodeId === null ? null : ownerOf(nodeId, entry),
    classType: data?.node_type ?? null,
    message: kind === "interrupted" ? "The run was interrupted." : messageOf(data?.exception_message),
    exceptionType: kind === "interrupted" ? null : (data?.exception_type ?? null),
  };
}

function messageOf(text: string | null | undefined): string {
  return text === null || text === undefined ? "ComfyUI reports that the run failed, and no reason." : plainException(text);
}

const cachedSchema = z.looseObject({ nodes: z.array(z.string()) });

/**
 * Reads an entry of GET /history (comfyui-protocol.md §1.3).
 *
 * @throws {z.ZodError} when it is not one
 */
export function parseHistoryEntry(value: unknown): HistoryEntry {
  const entry = entrySchema.parse(value);
  const cached = messagesOf(entry, "execution_cached").flatMap((data) => cachedSchema.safeParse(data).data?.nodes ?? []);
  return {
    failure: failureOf(entry),
    outputs: outputsOf(entry),
    cachedNodeIds: [...new Set(cached.map((id) => ownerOf(id, entry)))],
  };
}
