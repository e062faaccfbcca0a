import type { JsonValue } from "../../json/exact.ts";
import type { Candidate, CandidateType } from "./candidate.ts";

/** One field of the endpoint, settled: what the printer prints. */
export interface Field {
  readonly candidate: Candidate;
  readonly name: string;
  readonly description: string;
  readonly group: string | null;
  /** The candidate's type or a narrower one. */
  readonly type: CandidateType;
  /** `undefined`: the caller must send it, or, for a seed, it is drawn. */
  readonly default: JsonValue | undefined;
}

export interface LeftOut {
  readonly candidate: Candidate;
  readonly reason: string;
}

/** A plan that was checked against the graph and the catalog. */
export interface Endpoint {
  /** `family/name`. */
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  readonly fields: readonly Field[];
  readonly leftOut: readonly LeftOut[];
  readonly outputs: readonly { readonly nodeId: string; readonly name: string }[];
}
