import type { KeyRing } from "./access/key-ring.ts";
import { LinkSigner } from "./access/link-signer.ts";
import { RequestBudget } from "./access/request-budget.ts";
import type { Config } from "./config/config.ts";
import { isLoopback } from "./config/loopback.ts";
import type { AccessParts } from "./http/deps.ts";
import { loadLinkSecret } from "./link-secret.ts";
import type { Clock } from "./telemetry/clock.ts";

/**
 * Who may do what, as the configuration says.
 *
 * @throws {AppError} `storage_failed` when the secret of links cannot be kept
 */
export async function gatewayAccess(config: Config, keys: KeyRing, clock: Clock): Promise<AccessParts> {
  const { dataDir, linkSeconds, closedPaths, allowedOrigins, deniedNodes, noRawGraphs, host, insecure } = config;
  return {
    keys,
    budget: new RequestBudget(clock),
    links: keys.isClosed ? new LinkSigner({ secret: await loadLinkSecret(dataDir), lifeSeconds: linkSeconds, clock }) : null,
    closedPaths,
    allowedOrigins,
    // A reverse proxy before an open gateway on loopback may pass on another name: --insecure says that this is meant.
    isLoopbackOnly: !keys.isClosed && !insecure && isLoopback(host),
    rawGraphs: !noRawGraphs,
    deniedNodes,
  };
}
