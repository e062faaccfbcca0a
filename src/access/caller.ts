import type { ApiKey, KeyLimits } from "./api-key.ts";
import { allows, type Scope } from "./scope.ts";

/** Whoever makes a request, as far as the gateway knows. */
export interface Caller {
  /** Name of the key, and owner of what is made with it; null without one. */
  readonly name: string | null;
  /** null without a key: the gateway's own limits count. */
  readonly limits: KeyLimits | null;
  may(scope: Scope): boolean;
  /** Whether a job or a file of that owner exists for the caller. */
  sees(owner: string | null): boolean;
}

/** On a gateway without keys everybody is this one. */
export const anyone: Caller = { name: null, limits: null, may: () => true, sees: () => true };

/** Who has no key, or shows none, where none is needed. */
export const stranger: Caller = { name: null, limits: null, may: () => false, sees: () => false };

export function holderOf({ name, limits, scopes }: ApiKey): Caller {
  return {
    name,
    limits,
    may: (scope) => allows(scopes, scope),
    sees: (owner) => scopes.has("admin") || owner === name,
  };
}
