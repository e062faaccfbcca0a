import { join } from "node:path";
import { CatalogStore, keptCatalogName } from "./catalog/catalog-store.ts";
import { LiveCatalog } from "./catalog/live-catalog.ts";
import type { Backend } from "./comfyui/backend.ts";
import type { Config } from "./config/config.ts";
import { AppError } from "./errors/app-error.ts";
import type { Clock } from "./telemetry/clock.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { DiscoverOptions } from "./workflow/discover.ts";
import { LiveWorkflows, type WorkflowChanges } from "./workflow/live-workflows.ts";

export interface GatewayWorkflowsParams {
  readonly config: Pick<Config, "catalogFile" | "dataDir" | "demo" | "workflowsDir">;
  readonly builtins: DiscoverOptions["builtins"];
  readonly backend: Backend;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface GatewayWorkflows {
  readonly live: LiveWorkflows;
  stop(): Promise<void>;
}

function tell(logger: Logger, { added, removed, replaced, found }: WorkflowChanges): void {
  for (const { file, line, message } of found.broken) logger.error({ file, line }, message);
  for (const { file, line, message } of found.notes) logger.warn({ file, line }, message);
  for (const id of found.shadowed) logger.info({ workflow: id }, "a file in the workflows folder replaces the built-in workflow");
  logger.info({ added: added.length, removed: removed.length, replaced: replaced.length, served: found.workflows.length }, "workflows are served");
}

/**
 * Serves the workflows of now: those inside the executable and those of the folder, made with the catalog of the running
 * ComfyUI, of the file that was named, or of the last start.
 */
export async function startWorkflows({ config, builtins, backend, clock, logger }: GatewayWorkflowsParams): Promise<GatewayWorkflows> {
  // What the stand-in knows says nothing of the ComfyUI of another start.
  const keptAs = config.demo ? null : join(config.dataDir, keptCatalogName);
  const store = await CatalogStore.open({ file: config.catalogFile, keptAs, logger });
  const live = new LiveWorkflows({
    builtins,
    ...(config.workflowsDir === null ? {} : { dir: config.workflowsDir }),
    catalog: store.current.catalog,
    clock,
    changed: (changes) => tell(logger, changes),
    failed: (error) => logger.error({ err: AppError.from(error) }, "the workflows could not be read again; those there were stay"),
  });
  await live.start();
  const unsubscribe = store.onChange(({ catalog }) => live.useCatalog(catalog));
  const asking = new LiveCatalog({ store, source: backend, clock, logger });
  asking.start();
  return {
    live,
    async stop() {
      unsubscribe();
      await asking.stop();
      await live.stop();
    },
  };
}
