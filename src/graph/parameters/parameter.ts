import type { JsonValue } from "../../json/exact.ts";

/** What a parameter does for the result, whatever its author calls it. `other`: an author chose it, and no role is known for it. */
export type ParameterRole =
  | "prompt" | "negative_prompt" | "lyrics"
  | "image" | "mask" | "video" | "audio" | "file"
  | "seed" | "steps" | "cfg" | "guidance" | "sampler" | "scheduler" | "denoise"
  | "width" | "height" | "size" | "aspect_ratio" | "length" | "duration" | "fps" | "batch_size"
  | "model" | "lora" | "lora_strength" | "strength" | "switch" | "amount" | "filename_prefix"
  | "other";

/**
 * The shape of a value. `image`, `mask`, `video`, `audio` and `file`: the name of a file in ComfyUI's input folder,
 * for which a caller uploads one. `choice`: one of `options`. `json`: anything else that is not a plain value.
 */
export type ParameterType = "string" | "integer" | "number" | "boolean" | "choice" | "image" | "mask" | "video" | "audio" | "file" | "json";

/** How a parameter was found; earlier ones are an author's own choice. */
export type ParameterSource = "app_mode" | "title" | "external_node" | "link";

/** One input of one node of a graph. */
export interface GraphInput {
  readonly nodeId: string;
  readonly input: string;
}

/** One named, typed input of a workflow and the graph inputs that it sets. */
export interface Parameter {
  /** Unique among the parameters of a graph: `negative_prompt`, `image_2`. The same graph always gives the same names. */
  readonly name: string;
  readonly role: ParameterRole;
  readonly source: ParameterSource;
  readonly type: ParameterType;
  /** From the catalog, both ends included. */
  readonly min: number | bigint | undefined;
  readonly max: number | bigint | undefined;
  readonly step: number | bigint | undefined;
  /** What `choice` may be on the ComfyUI that the catalog is of; the default may be missing there. */
  readonly options: readonly JsonValue[] | undefined;
  /** Text of several lines. */
  readonly multiline: boolean;
  /** Exactly what stands in the graph. */
  readonly default: JsonValue;
  readonly description: string;
  /** False when the catalog lacks the class or the input: the type is only that of the default. */
  readonly inCatalog: boolean;
  /** At least one; all hold the default. */
  readonly sets: readonly GraphInput[];
}
