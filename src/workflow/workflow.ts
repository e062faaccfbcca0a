import type { Graph } from "../graph/graph.ts";
import type { JsonObject } from "../json/exact.ts";
import type { WorkflowForm } from "./form.ts";

/** What a file input takes. `file` takes anything. */
export const fileAccepts = ["image", "video", "audio", "model3d", "file"] as const;
export type FileAccepts = (typeof fileAccepts)[number];

/** Where in a workflow's inputs a file stands. */
export interface FileField {
  /** Path into the inputs; `*` stands for every item of a list, e.g. `["images", "*"]`. */
  readonly path: readonly string[];
  readonly accepts: FileAccepts;
}

export interface WorkflowMetadata {
  /** Classes of nodes the graph uses. */
  readonly requiredNodes: readonly string[];
  /** Model files the graph loads, by the name ComfyUI lists them under. */
  readonly requiredModels: readonly string[];
  /** Where a model file can be downloaded, by its name. */
  readonly modelSources: Readonly<Record<string, string>>;
  /** Whatever else the author wrote there: `thumbnail`, `tags`, `vram_estimate`, `time_estimate`, … */
  readonly [key: string]: unknown;
}

/** A named endpoint. What kind of file it came from is not known here, and must not matter. */
export interface Workflow {
  /** Its path below the workflows folder without extension: `qwen/qwen_base_txt2img`. */
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  readonly metadata: WorkflowMetadata;
  /** JSON Schema (2020-12) of the inputs as a caller sends them; integers may be `bigint` bounds. */
  readonly inputSchema: JsonObject;
  /** The inputs' defaults: a caller who leaves these out gets them. */
  readonly defaults: JsonObject;
  /** Inputs that work as they stand: the defaults and a sample of each required field. */
  readonly example: JsonObject;
  readonly fileFields: readonly FileField[];
  /** Top-level fields that hold a seed and are drawn when absent. */
  readonly seedFields: readonly string[];
  /** How its author wants the inputs shown to people; absent, the schema says all there is. */
  readonly form?: WorkflowForm;
  /**
   * Checks inputs and fills in defaults; seeds stay absent and files as they came.
   *
   * @throws {AppError} `invalid_input` with a pointer for each fault; an unknown field is a fault
   */
  parse(inputs: unknown): JsonObject;
  /**
   * The graph for parsed inputs with seeds drawn and files named.
   *
   * @throws {AppError} `workflow_failed` when the module throws or returns no graph
   */
  generate(inputs: JsonObject): Graph;
}

/** A file below the workflows folder that did not become a workflow. */
export interface BrokenWorkflow {
  readonly id: string;
  /** Relative to the workflows folder. */
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}
