import type { JsonValue } from "../../json/exact.ts";
import type { FileAccepts } from "../../workflow/workflow.ts";

/** What a candidate may be set to, as the catalog has it. A plan can narrow it and never widen it. */
export type CandidateType =
  | { readonly kind: "text" }
  | { readonly kind: "integer"; readonly min: number | bigint; readonly max: number | bigint; readonly step: number | null }
  | { readonly kind: "number"; readonly min: number | null; readonly max: number | null }
  | { readonly kind: "boolean" }
  /** Drawn when the caller leaves it out. */
  | { readonly kind: "seed"; readonly min: number | bigint; readonly max: number | bigint }
  /** `open`: a list of files, which each installation has its own of; any text is allowed unless a plan offers options. */
  | { readonly kind: "choice"; readonly options: readonly (string | number | boolean)[]; readonly open: boolean }
  | { readonly kind: "file"; readonly accepts: FileAccepts };

/** One knob of the graph that could become a field of the endpoint. */
export interface Candidate {
  /** Unique among the candidates of a graph; what a plan calls it by, and its name when no plan has a better one. */
  readonly key: string;
  readonly role: string;
  readonly type: CandidateType;
  /** What the source graph has there. */
  readonly value: JsonValue;
  /** From the catalog and the export; may be empty. */
  readonly description: string;
  /** The description is the graph author's own for callers, not a tooltip. */
  readonly authored: boolean;
  /** The graph inputs it sets, all to the same value. */
  readonly sets: readonly { readonly nodeId: string; readonly input: string }[];
  /** Worth exposing by the rules. The others are offered to the plan and left out without one. */
  readonly suggested: boolean;
}
