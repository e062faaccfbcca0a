import type { JsonValue } from "../../json/exact.ts";
import { isRecord } from "../catalog/json-shape.ts";
import type { InputSpec } from "../catalog/input-spec.ts";

/** What weights are saved as. */
const modelFile = /\.(?:safetensors|sft|ckpt|pt2?|pth|bin|gguf|onnx|pkl|engine|torchscript)$/i;

interface FolderRule {
  readonly folder: string;
  readonly input: RegExp;
  /** The class it holds for; absent: any. */
  readonly classes?: RegExp;
}

/**
 * Folders of ComfyUI (folder_paths.py) and of the best known packs, by input name and class. The first that fits counts, so the
 * particular stand before the general.
 */
const rules: readonly FolderRule[] = [
  { folder: "clip_vision", classes: /clip ?vision/i, input: /^(?:clip|model)_name$|^clip_vision/ },
  { folder: "clip_vision", input: /^clip_vision(?:_name)?$/ },
  { folder: "latent_upscale_models", classes: /latent ?upscale/i, input: /^model_name$/ },
  { folder: "upscale_models", classes: /upscale/i, input: /^(?:model_name|upscale_model(?:_name)?(?:_\d+)?)$/ },
  { folder: "upscale_models", input: /^upscale_model(?:_name)?(?:_\d+)?$/ },
  { folder: "ultralytics", classes: /ultralytics/i, input: /^model_name$/ },
  { folder: "sams", classes: /^sam(?!pl)|sam\d?(?:model)?loader/i, input: /^model(?:_name)?$/ },
  { folder: "vae", classes: /vae/i, input: /^model(?:_name)?$/ },
  { folder: "text_encoders", classes: /text ?encod|t5|clip ?loader/i, input: /^(?:model|clip|t5|llm)(?:_?name)?\d?$/ },
  { folder: "animatediff_motion_lora", classes: /animatediff.*lora/i, input: /name$/ },
  { folder: "animatediff_models", classes: /animatediff|^ade_/i, input: /^(?:model_name|motion_model)$/ },
  { folder: "instantid", classes: /instantid/i, input: /^instantid_file$/ },
  { folder: "ipadapter", input: /^ipadapter(?:_file)?$/ },
  { folder: "pulid", input: /^pulid_file$/ },
  { folder: "wav2vec2", classes: /wav2vec/i, input: /^model(?:_name)?$/ },
  { folder: "inpaint", classes: /brushnet|inpaint/i, input: /^(?:brushnet|model_name)$/ },
  { folder: "insightface", classes: /reactor/i, input: /^swap_model$/ },
  { folder: "facerestore_models", classes: /reactor|face ?restore/i, input: /^(?:face_restore_model|boost_model|model_name)$/ },
  { folder: "photomaker", input: /^photomaker(?:_model)?_name$/ },
  { folder: "style_models", input: /^style_model(?:_name)?$/ },
  { folder: "gligen", input: /^gligen_name$/ },
  { folder: "hypernetworks", input: /^hypernetwork_name$/ },
  { folder: "audio_encoders", input: /^audio_encoder(?:_name)?$/ },
  { folder: "model_patches", classes: /model ?patch/i, input: /^(?:name|model_patch)$/ },
  { folder: "controlnet", input: /^control_?net(?:_?name|_path|_model)?(?:_?\d+)?$/ },
  { folder: "controlnet", classes: /control ?net/i, input: /^model(?:_name)?$/ },
  { folder: "loras", input: /^lora(?:_?name)?(?:_?\d+)?$|^lora_\d+_name$|^(?:default_|existing_)lora$/ },
  { folder: "vae", input: /(?:^|_)vae_name(?:_?\d+)?$/ },
  { folder: "text_encoders", input: /^(?:clip|text_encoder|t5)(?:_name)?_?\d?(?:_opt)?$/ },
  { folder: "checkpoints", input: /^(?:base_|refiner_)?ckpt_?name(?:_?\d+)?$|^checkpoint(?:_name)?$/ },
  { folder: "diffusion_models", input: /^(?:unet|gguf|diffusion)(?:_model)?_name$/ },
  { folder: "diffusion_models", classes: /model ?loader|unet|diffusion|flux/i, input: /^model(?:_name)?$/ },
];

export interface NamedModel {
  readonly name: string;
  readonly folder: string | undefined;
}

/** Fetches its weights itself when it first runs, to a place of its own. */
const fetchesItself = /preprocessor|download/i;

function folderOf(classType: string, input: string): string | undefined {
  return rules.find((rule) => rule.input.test(input) && (rule.classes?.test(classType) ?? true))?.folder;
}

/** Whether a combo offers the files of a folder of models: what a catalog cannot say otherwise. */
function listsModels(spec: InputSpec | undefined): boolean {
  if (spec?.kind !== "combo" || spec.upload !== undefined) return false;
  return spec.options.some((option) => typeof option === "string" && modelFile.test(option));
}

/**
 * The model file that a literal names; `undefined` when it names none. A name without an ending of weights (`taesd`, `None`, a
 * repository that the node downloads itself) is none.
 */
export function modelOf(classType: string, input: string, value: JsonValue, spec: InputSpec | undefined): NamedModel | undefined {
  if (isRecord(value)) {
    // Power Lora Loader keeps name, strength and switch in one object.
    const lora = value["lora"];
    return typeof lora === "string" && modelFile.test(lora) && value["on"] !== false ? { name: lora, folder: "loras" } : undefined;
  }
  if (typeof value !== "string" || value.length > 1_000 || /^https?:/i.test(value) || !modelFile.test(value)) return undefined;
  if (fetchesItself.test(classType)) return undefined;
  const folder = folderOf(classType, input);
  // Free text that ends like a file (a prompt, a path to save to) names no model.
  const plain = spec === undefined || spec.kind === "combo" || folder !== undefined;
  return plain || listsModels(spec) ? { name: value, folder } : undefined;
}

/** Names of embeddings in a prompt: `embedding:easynegative`. */
export function embeddingsIn(text: string): string[] {
  return [...new Set([...text.slice(0, 100_000).matchAll(/\bembedding:([\w./\\-]*[\w-])/g)].map((match) => match[1] ?? ""))].filter((name) => name !== "");
}
