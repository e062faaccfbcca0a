import type { Scope } from "./scope.ts";

export interface KeyLimits {
  readonly requestsPerMinute: number;
  /** Jobs in the hands of the runner at a time; further ones wait. */
  readonly maxRunning: number;
  /** Jobs that wait at a time; one more is refused. */
  readonly maxQueued: number;
}

/** One key as it is kept: never the key itself. */
export interface ApiKey {
  /** Owner of the jobs that are sent with it. */
  readonly name: string;
  /** As `hashKey` writes it. */
  readonly hash: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly limits: KeyLimits;
}

/** Stands in logs, metrics and the database. */
export const keyName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
