import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Catalog, parseCatalog } from "../../graph/catalog.ts";
import type { Graph } from "../../graph/graph.ts";
import { parsePythonJson, stringifyJson } from "../../json/exact.ts";
import type { Endpoint } from "../plan/endpoint.ts";
import type { Finding } from "../proof/finding.ts";
import { isSurelyRefused, unrunnableGraph } from "./unrunnable-graph.ts";

/** A ComfyUI that loads a model answers late; /object_info with 100 packs takes seconds. */
const timeLimitMs = 60_000;

export class ComfyuiFailure extends Error {
  override readonly name = "ComfyuiFailure";
}

async function call(url: string, path: string, signal: AbortSignal, body?: string): Promise<{ readonly status: number; readonly text: string }> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]);
  try {
    const response = await fetch(`${url}${path}`, {
      ...(body === undefined ? {} : { method: "POST", body, headers: { "content-type": "application/json" } }),
      signal: limited,
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new ComfyuiFailure(`ComfyUI at ${url} does not answer. Is it running there?`, { cause: error });
  }
}

/**
 * What a ComfyUI offers.
 *
 * @param url without trailing slash
 * @throws {ComfyuiFailure}
 */
export async function fetchCatalog(url: string, signal: AbortSignal): Promise<Catalog> {
  const { status, text } = await call(url, "/object_info", signal);
  if (status !== 200) throw new ComfyuiFailure(`ComfyUI at ${url} answered ${status} to /object_info.`);
  try {
    return parseCatalog(parsePythonJson(text)).catalog;
  } catch (error) {
    throw new ComfyuiFailure(`What answers at ${url} is no ComfyUI: /object_info is not JSON.`, { cause: error });
  }
}

const fault = z.looseObject({
  type: z.string().default(""),
  message: z.string().default(""),
  details: z.string().default(""),
  extra_info: z.looseObject({ input_name: z.string().optional(), node_id: z.string().optional() }).nullish().catch(undefined),
});
const refusalSchema = z.looseObject({
  error: z.union([fault, z.string()]).optional(),
  // An empty list where there are none (comfyui-protocol.md §1.2).
  node_errors: z.union([z.record(z.string(), z.looseObject({ errors: z.array(fault).default([]) })), z.array(z.unknown())]).default({}),
});

type Refusal = z.infer<typeof refusalSchema>;

/** What a ComfyUI is asked about. */
export interface Asked {
  readonly graph: Graph;
  /** Of the ComfyUI itself. */
  readonly catalog: Catalog;
  readonly endpoint: Endpoint;
  /** Of the module's text, for the findings. */
  readonly lines: ReadonlyMap<string, number>;
}

/** Inputs for which each caller sends a file: the one that the source names is not there, and need not be. */
function filePlaces({ fields }: Endpoint): ReadonlySet<string> {
  const files = fields.filter((field) => field.type.kind === "file");
  return new Set(files.flatMap(({ candidate }) => candidate.sets.map(({ nodeId, input }) => `${nodeId}/${input}`)));
}

function findingsOf(refusal: Refusal, takenOut: ReadonlySet<string>, { endpoint, lines }: Asked): readonly Finding[] {
  const files = filePlaces(endpoint);
  const lineOf = (id: string, input: string): number | null => lines.get(`node:${id}/${input}`) ?? lines.get(`node:${id}`) ?? null;
  const byNode = Array.isArray(refusal.node_errors) ? [] : Object.entries(refusal.node_errors);
  const found = byNode.flatMap(([id, { errors }]) =>
    errors.flatMap(({ type, message, details, extra_info }): Finding[] => {
      const input = extra_info?.input_name ?? "";
      const isOurs = type === "required_input_missing" && (takenOut.has(`${id}/${input}`) || takenOut.has(`${id}/${details}`));
      const isFile = files.has(`${id}/${input}`) && (type === "custom_validation_failed" || type === "value_not_in_list");
      return isOurs || isFile ? [] : [{ check: "comfyui", line: lineOf(id, input), message: `node ${id}: ${message}${details === "" ? "" : ` (${details})`}` }];
    }),
  );
  const whole = refusal.error;
  if (byNode.length > 0 || whole === undefined) return found;
  const text = typeof whole === "string" ? whole : `${whole.message}${whole.details === "" ? "" : ` (${whole.details})`}`;
  const id = typeof whole === "string" ? undefined : whole.extra_info?.node_id;
  return [{ check: "comfyui", line: id === undefined ? null : lineOf(id, ""), message: text }];
}

/**
 * Lets a real ComfyUI look through a graph without running it.
 *
 * @param url without trailing slash
 * @throws {ComfyuiFailure} when it does not answer as ComfyUI does
 */
export async function askComfyui(url: string, subject: Asked, signal: AbortSignal): Promise<readonly Finding[]> {
  const { catalog } = subject;
  const asked = unrunnableGraph(subject.graph, catalog);
  const unseen = asked.unseen.map((message): Finding => ({ check: "comfyui", line: null, message: `not looked at: ${message}` }));
  if (Object.keys(asked.graph).length === 0 || asked.takenOut.size === 0) return [...unseen, { check: "comfyui", line: null, message: "the graph has no output node that this ComfyUI knows" }];
  if (!isSurelyRefused(asked, catalog)) throw new ComfyuiFailure("The graph cannot be shown to ComfyUI without running it.");
  const promptId = randomUUID();
  const { status, text } = await call(url, "/prompt", signal, stringifyJson({ prompt: asked.graph, prompt_id: promptId }));
  if (status === 200) {
    // It must not happen; should a ComfyUI be lenient some day, what it took is taken back.
    await call(url, "/queue", signal, stringifyJson({ delete: [promptId] }));
    await call(url, "/interrupt", signal, stringifyJson({ prompt_id: promptId }));
    throw new ComfyuiFailure("ComfyUI took a graph that lacks required values. It was taken back at once; --verify does not work with this ComfyUI.");
  }
  let body: unknown;
  try {
    body = parsePythonJson(text);
  } catch (error) {
    throw new ComfyuiFailure(`ComfyUI at ${url} answered ${status} to /prompt, and not in JSON.`, { cause: error });
  }
  const refusal = refusalSchema.safeParse(body);
  if (status !== 400 || !refusal.success) throw new ComfyuiFailure(`ComfyUI at ${url} answered ${status} to /prompt, which it does not do for a graph.`);
  return [...unseen, ...findingsOf(refusal.data, asked.takenOut, subject)];
}
