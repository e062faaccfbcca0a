/** One thing that a generated module is proved to be. */
export const checkNames = {
  types: "type-checks",
  loads: "loads as the executable loads it",
  schema: "describes every field to callers",
  source: "makes the source graph of its values and its defaults",
  fields: "changes with each field what the field names, and nothing else",
  refusals: "refuses illegal values",
  catalog: "uses only classes and options that the catalog has",
  widgets: "offers no button of the front end as a field",
  output: "has an output node",
  comfyui: "is valid for the ComfyUI asked",
} as const;

export type CheckName = keyof typeof checkNames;

/** What is wrong, for the author. */
export interface Finding {
  readonly check: CheckName;
  /** In the module's text, from 1; null where it is about all of it. */
  readonly line: number | null;
  readonly message: string;
}

export interface Check {
  readonly name: CheckName;
  readonly state: "passed" | "failed" | "skipped";
  /** Why it was skipped; else empty. */
  readonly reason: string;
}

export interface Proof {
  readonly passed: boolean;
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
  /** What is no fault and yet worth knowing. */
  readonly notes: readonly string[];
}
