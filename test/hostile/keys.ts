import { hashKey } from "../../src/access/key-text.ts";
import { KeyRing } from "../../src/access/key-ring.ts";
import { LinkSigner } from "../../src/access/link-signer.ts";
import { RequestBudget } from "../../src/access/request-budget.ts";
import type { Scope } from "../../src/access/scope.ts";
import type { AccessParts } from "../../src/http/deps.ts";
import { systemClock, type Clock } from "../../src/telemetry/clock.ts";
import { openAccess } from "../http/gateway.ts";

export const holders = { alice: ["run", "read"], bob: ["run", "read"], reader: ["read"], admin: ["admin"] } as const satisfies Record<string, readonly Scope[]>;

export type Holder = keyof typeof holders;

export function keyOf(name: Holder): string {
  return `cak_of-${name}-0123456789`;
}

export function asHolder(name: Holder | "nobody"): Readonly<Record<string, string>> {
  return name === "nobody" ? {} : { "X-API-Key": keyOf(name) };
}

/** A gateway's access with one key for each holder. */
export function closedAccess(limits = { requestsPerMinute: 1_000_000, maxRunning: 3, maxQueued: 100 }, clock: Clock = systemClock): AccessParts {
  const keys = Object.entries(holders).map(([name, scopes]) => ({ name, hash: hashKey(`cak_of-${name}-0123456789`), scopes: new Set<Scope>(scopes), limits }));
  return { ...openAccess, keys: new KeyRing(keys), budget: new RequestBudget(clock), links: new LinkSigner({ secret: "of the tests", lifeSeconds: 3_600, clock }) };
}
