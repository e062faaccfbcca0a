import { z } from "zod";
import { ConnectionFault } from "../comfyui/connection-fault.ts";
import type { ComfyHttp } from "../comfyui/http-client.ts";
import { timeoutsMs } from "../comfyui/timeouts.ts";
import { type ModelList, parseModelList } from "../graph/dependencies/manager-maps.ts";
import { parsePythonJson } from "../json/exact.ts";

/** What a ComfyUI-Manager on the host knows: who brings a class, and where a model file comes from. */
export interface ManagerKnowledge {
  readonly isThere: boolean;
  /** Ids in Comfy's registry or addresses of repositories, by class. */
  readonly packs: ReadonlyMap<string, readonly string[]>;
  readonly models: ModelList;
}

export const noKnowledge: ManagerKnowledge = { isThere: false, packs: new Map(), models: new Map() };

/** `{pack: [[classes], {…}]}` (comfyui-protocol.md §5.2). Entries that are something else are passed over. */
const mappings = z.record(z.string(), z.unknown());
const entry = z.tuple([z.array(z.unknown())]).rest(z.unknown());

/** Asks the Manager that is part of ComfyUI, by its paths of version 4 and 3; it answers from files of its own. */
export async function askManager(http: ComfyHttp): Promise<ManagerKnowledge> {
  const map = await firstJson(http, ["/api/v2/customnode/getmappings", "/api/customnode/getmappings"]);
  if (map === null) return noKnowledge;
  const models = await firstJson(http, ["/api/v2/externalmodel/getlist", "/api/externalmodel/getlist"]);
  return { isThere: true, packs: packsByClass(map), models: parseModelList(models) };
}

async function firstJson(http: ComfyHttp, paths: readonly string[]): Promise<unknown> {
  for (const path of paths) {
    try {
      // `local`: its own copy, without a look at the internet.
      const { status, text } = await http.call(path, { query: { mode: "local" }, timeoutMs: timeoutsMs.query });
      if (status === 200) return parsePythonJson(text);
    } catch (error) {
      // No Manager, or one that fails: what it would know stays unknown.
      if (!(error instanceof ConnectionFault || error instanceof SyntaxError)) throw error;
    }
  }
  return null;
}

function packsByClass(json: unknown): ReadonlyMap<string, readonly string[]> {
  const packs = new Map<string, string[]>();
  for (const [pack, value] of Object.entries(mappings.safeParse(json).data ?? {})) {
    for (const name of entry.safeParse(value).data?.[0] ?? []) {
      if (typeof name !== "string") continue;
      const known = packs.get(name);
      if (known === undefined) packs.set(name, [pack]);
      else known.push(pack);
    }
  }
  return packs;
}
