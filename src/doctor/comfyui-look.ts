import { z } from "zod";
import { CatalogFault } from "../catalog/catalog-fault.ts";
import { readCatalog } from "../catalog/catalog-file.ts";
import { reasonOfStatus } from "../comfyui/backend-error.ts";
import { ConnectionFault } from "../comfyui/connection-fault.ts";
import { type Answer, ComfyHttp } from "../comfyui/http-client.ts";
import { parseBackendAddress } from "../comfyui/backend-address.ts";
import { timeoutsMs } from "../comfyui/timeouts.ts";
import type { Catalog } from "../graph/catalog.ts";
import { parsePythonJson } from "../json/exact.ts";
import type { Clock } from "../telemetry/clock.ts";
import type { ComfyuiDevice } from "../telemetry/metrics/gpu-reading.ts";
import type { Finding } from "./finding.ts";
import { askManager, type ManagerKnowledge, noKnowledge } from "./pack-knowledge.ts";

/** What a look at ComfyUI has found, for the other parts to judge by. */
export interface ComfyuiLook {
  readonly findings: readonly Finding[];
  /** null when ComfyUI did not tell. */
  readonly catalog: Catalog | null;
  readonly devices: readonly ComfyuiDevice[];
  /** Of its clock, when it answered; milliseconds since the epoch. */
  readonly toldAt: number | null;
  readonly manager: ManagerKnowledge;
}

const statsSchema = z.looseObject({
  system: z.looseObject({ comfyui_version: z.string().nullish().catch(null), python_version: z.string().nullish().catch(null) }),
  devices: z
    .array(z.looseObject({ name: z.string().catch("unknown"), type: z.string().catch("unknown"), vram_total: z.number().catch(0), vram_free: z.number().catch(0) }))
    .catch([]),
});

const featuresSchema = z.record(z.string(), z.unknown());

function unseen(findings: readonly Finding[]): ComfyuiLook {
  return { findings, catalog: null, devices: [], toldAt: null, manager: noKnowledge };
}

/** The reason in words for people; whatever else went wrong is thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof ConnectionFault) return error.reason;
  if (error instanceof CatalogFault) return error.message;
  if (error instanceof SyntaxError || error instanceof z.ZodError) return "answered something that is not ComfyUI's";
  throw error;
}

/**
 * Asks ComfyUI who it is and what it has.
 *
 * @param url may hold a user and a password: it is not shown
 */
export async function lookAtComfyui({ url, shownUrl, clock }: { readonly url: string; readonly shownUrl: string; readonly clock: Clock }): Promise<ComfyuiLook> {
  const http = new ComfyHttp({ address: parseBackendAddress(url), clock });
  let stats: z.infer<typeof statsSchema>;
  let answer: Answer;
  try {
    answer = await http.call("/api/system_stats", { timeoutMs: timeoutsMs.probe });
    if (answer.status !== 200) return unseen([unreachable(shownUrl, reasonOfStatus(answer.status))]);
    stats = statsSchema.parse(parsePythonJson(answer.text));
  } catch (error) {
    return unseen([unreachable(shownUrl, reasonOf(error))]);
  }
  const { system, devices } = stats;
  const version = `${system.comfyui_version ?? "of unknown version"}${typeof system.python_version === "string" ? `, Python ${system.python_version.split(" ")[0]}` : ""}`;
  const told = Date.parse(answer.headers["date"] ?? "");
  const { catalog, finding } = await askCatalog(http);
  return {
    findings: [{ area: "comfyui", status: "ok", message: `ComfyUI ${version} answers at ${shownUrl}` }, await askFeatures(http), finding],
    catalog,
    devices: devices.map((device) => ({ name: device.name, type: device.type, vramTotal: device.vram_total, vramFree: device.vram_free })),
    toldAt: Number.isNaN(told) ? null : told,
    manager: await askManager(http),
  };
}

function unreachable(url: string, reason: string): Finding {
  return {
    area: "comfyui",
    status: "failure",
    message: `ComfyUI does not answer at ${url}: ${reason}`,
    fix: "Start ComfyUI, or name another address with --comfyui-url. Until then jobs are accepted and wait.",
  };
}

async function askFeatures(http: ComfyHttp): Promise<Finding> {
  try {
    const { status, text } = await http.call("/api/features", { timeoutMs: timeoutsMs.probe });
    if (status === 404) return { area: "comfyui", status: "ok", message: "It is older than feature flags; what it lacks is done without" };
    if (status !== 200) return { area: "comfyui", status: "warning", message: `It does not tell its features: ${reasonOfStatus(status)}` };
    const names = Object.entries(featuresSchema.parse(parsePythonJson(text))).flatMap(([name, value]) => (value === false || value === null ? [] : [name]));
    return { area: "comfyui", status: "ok", message: `Its features: ${names.length === 0 ? "none" : names.join(", ")}` };
  } catch (error) {
    return { area: "comfyui", status: "warning", message: `It does not tell its features: ${reasonOf(error)}` };
  }
}

async function askCatalog(http: ComfyHttp): Promise<{ readonly catalog: Catalog | null; readonly finding: Finding }> {
  try {
    const { status, text } = await http.call("/api/object_info", { timeoutMs: timeoutsMs.objectInfo });
    if (status !== 200) return { catalog: null, finding: untold(reasonOfStatus(status)) };
    const { catalog, notes } = readCatalog(text);
    const packs = new Set([...catalog.classes.values()].flatMap(({ packFolder }) => packFolder ?? []));
    const odd = notes.length === 0 ? "" : `; ${notes.length} inputs or classes make no sense and are passed over`;
    return { catalog, finding: { area: "comfyui", status: "ok", message: `It has ${catalog.classes.size} node classes, of ${packs.size} custom packs${odd}` } };
  } catch (error) {
    return { catalog: null, finding: untold(reasonOf(error)) };
  }
}

function untold(reason: string): Finding {
  return {
    area: "comfyui",
    status: "failure",
    message: `It does not tell its node classes: ${reason}`,
    fix: "Look into ComfyUI's log: a custom node may break its /object_info.",
  };
}
