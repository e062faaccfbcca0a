import { join } from "node:path";
import { CatalogFault } from "../catalog/catalog-fault.ts";
import { CatalogStore, keptCatalogName } from "../catalog/catalog-store.ts";
import type { Config } from "../config/config.ts";
import { redactUrl } from "../config/redact-url.ts";
import type { RunProgram } from "../executable/run-program.ts";
import type { Catalog } from "../graph/catalog.ts";
import { coreCatalog } from "../graph/core-catalog.ts";
import type { Clock } from "../telemetry/clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { discoverWorkflows, type DiscoverOptions } from "../workflow/discover.ts";
import { lookAtClock } from "./clock-look.ts";
import { type ComfyuiLook, lookAtComfyui } from "./comfyui-look.ts";
import { lookAtData } from "./data-look.ts";
import type { Finding } from "./finding.ts";
import { lookAtGpu } from "./gpu-look.ts";
import { lookAtKeys } from "./keys-look.ts";
import { noKnowledge } from "./pack-knowledge.ts";
import { lookAtPort } from "./port-look.ts";
import { lookAtWorkflows } from "./workflow-look.ts";

export interface ExamineParams {
  readonly config: Config;
  readonly builtins: DiscoverOptions["builtins"];
  readonly clock: Clock;
  readonly runProgram: RunProgram;
}

/** Looks at everything that the gateway depends on. Changes nothing, and never throws for what it finds. */
export async function examine({ config, builtins, clock, runProgram }: ExamineParams): Promise<readonly Finding[]> {
  const comfyui = config.demo ? demo : await lookAtComfyui({ url: config.comfyuiUrl, shownUrl: redactUrl(config.comfyuiUrl), clock });
  const known = await catalogOf(config, comfyui.catalog);
  const dir = config.workflowsDir === null ? {} : { dir: config.workflowsDir };
  const workflows = await discoverWorkflows({ builtins, catalog: known.catalog ?? coreCatalog(), ...dir });
  const host = { catalog: known.catalog, whyUnknown: config.demo ? "demo mode uses no ComfyUI" : "ComfyUI has not told what it has", manager: comfyui.manager };
  return [
    ...comfyui.findings,
    ...known.findings,
    ...(await lookAtWorkflows(workflows, host, config.workflowsDir)),
    ...(await lookAtData(config.dataDir)),
    await lookAtPort(config),
    await lookAtClock(clock.now(), comfyui.toldAt, runProgram),
    ...(await lookAtKeys(config)),
    ...(await lookAtGpu(comfyui.devices, runProgram)),
  ];
}

const demo: ComfyuiLook = {
  findings: [{ area: "comfyui", status: "skipped", message: "In demo mode no ComfyUI is used" }],
  catalog: null,
  devices: [],
  toldAt: null,
  manager: noKnowledge,
};

interface KnownCatalog {
  /** null when only the nodes that come with ComfyUI are known, which says nothing of this host. */
  readonly catalog: Catalog | null;
  readonly findings: readonly Finding[];
}

/** What ComfyUI told, else the file that was named, else what the gateway kept of ComfyUI's last answer. */
async function catalogOf({ catalogFile, dataDir, demo: isDemo }: Config, live: Catalog | null): Promise<KnownCatalog> {
  if (live !== null) return { catalog: live, findings: [] };
  try {
    const { current } = await CatalogStore.open({ file: catalogFile, keptAs: join(dataDir, keptCatalogName), logger: silentLogger });
    if (isDemo || current.source === "core") return { catalog: null, findings: [] };
    const from = current.source === "file" ? "the file that --catalog names" : "what ComfyUI told the gateway last";
    return { catalog: current.catalog, findings: [{ area: "comfyui", status: "warning", message: `Workflows are compared with ${from}` }] };
  } catch (error) {
    if (!(error instanceof CatalogFault)) throw error;
    return { catalog: null, findings: [{ area: "comfyui", status: "failure", message: error.message, fix: "Name another file with --catalog, or none" }] };
  }
}
