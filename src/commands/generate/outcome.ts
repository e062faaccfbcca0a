import type { Generated } from "../../codegen/generate.ts";
import type { Source } from "../../codegen/source.ts";

/** Everything there is to tell about a run, however it is told. */
export interface Outcome {
  readonly source: Source;
  readonly generated: Generated;
  /** Where the catalog comes from. */
  readonly catalog: string;
  /** The module's file. */
  readonly path: string;
  readonly written: boolean;
  /** How the text differs from what stood there; empty for a new one. */
  readonly difference: string;
  /** Whether the names were left to the rules although a model could have been asked. */
  readonly offline: boolean;
}
