import { parseJson } from "../../json/exact.ts";
import { parseCatalog } from "../catalog.ts";
import { parseGraph } from "../graph.ts";

/** Written for these tests, after the forms of comfyui-protocol.md §1.6. */
const objectInfo = parseJson(`{
  "CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [["a.safetensors", "b.safetensors"], {"tooltip": "The model to load."}]}}, "output": ["MODEL", "CLIP", "VAE"]},
  "CLIPTextEncode": {"input": {"required": {"text": ["STRING", {"multiline": true, "tooltip": "What to encode."}], "clip": ["CLIP"]}}, "output": ["CONDITIONING"], "display_name": "CLIP Text Encode (Prompt)"},
  "ConditioningZeroOut": {"input": {"required": {"conditioning": ["CONDITIONING"]}}, "output": ["CONDITIONING"]},
  "FluxGuidance": {"input": {"required": {"conditioning": ["CONDITIONING"], "guidance": ["FLOAT", {"default": 3.5, "min": 0, "max": 100, "step": 0.1}]}}, "output": ["CONDITIONING"]},
  "ControlNetApplyAdvanced": {"input": {"required": {"positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "control_net": ["CONTROL_NET"], "image": ["IMAGE"],
    "strength": ["FLOAT", {"default": 1, "min": 0, "max": 10, "step": 0.01}], "start_percent": ["FLOAT", {}], "end_percent": ["FLOAT", {}]}},
    "output": ["CONDITIONING", "CONDITIONING"], "output_name": ["positive", "negative"]},
  "ControlNetLoader": {"input": {"required": {"control_net_name": [["c.safetensors"]]}}, "output": ["CONTROL_NET"]},
  "KSampler": {"input": {"required": {"model": ["MODEL"], "seed": ["INT", {"min": 0, "max": 18446744073709551615, "control_after_generate": true}],
    "steps": ["INT", {"min": 1, "max": 10000}], "cfg": ["FLOAT", {"min": 0, "max": 100, "step": 0.1}], "sampler_name": [["euler", "dpmpp_2m"]],
    "scheduler": [["normal", "karras"]], "positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "latent_image": ["LATENT"], "denoise": ["FLOAT", {"min": 0, "max": 1}]}}, "output": ["LATENT"]},
  "KSamplerAdvanced": {"input": {"required": {"model": ["MODEL"], "add_noise": [["enable", "disable"]], "noise_seed": ["INT", {"min": 0, "max": 18446744073709551615}], "steps": ["INT", {}],
    "cfg": ["FLOAT", {}], "positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "latent_image": ["LATENT"]}}, "output": ["LATENT"]},
  "BasicGuider": {"input": {"required": {"model": ["MODEL"], "conditioning": ["CONDITIONING"]}}, "output": ["GUIDER"]},
  "RandomNoise": {"input": {"required": {"noise_seed": ["INT", {"min": 0, "max": 18446744073709551615}]}}, "output": ["NOISE"]},
  "SamplerCustomAdvanced": {"input": {"required": {"noise": ["NOISE"], "guider": ["GUIDER"], "sampler": ["SAMPLER"], "sigmas": ["SIGMAS"], "latent_image": ["LATENT"]}}, "output": ["LATENT", "LATENT"]},
  "EmptyLatentImage": {"input": {"required": {"width": ["INT", {"min": 16, "max": 16384, "step": 8}], "height": ["INT", {"min": 16, "max": 16384, "step": 8}], "batch_size": ["INT", {"min": 1, "max": 4096}]}}, "output": ["LATENT"]},
  "ImageScale": {"input": {"required": {"image": ["IMAGE"], "upscale_method": [["lanczos"]], "width": ["INT", {"min": 0, "max": 4096, "step": 1}], "height": ["INT", {"min": 0, "max": 4096, "step": 1}]}}, "output": ["IMAGE"]},
  "WanImageToVideo": {"input": {"required": {"positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "width": ["INT", {}], "height": ["INT", {}], "length": ["INT", {"min": 1, "max": 16384, "step": 4}],
    "batch_size": ["INT", {}]}, "optional": {"start_image": ["IMAGE"], "end_image": ["IMAGE"]}}, "output": ["CONDITIONING", "CONDITIONING", "LATENT"], "output_name": ["positive", "negative", "latent"]},
  "VAEEncode": {"input": {"required": {"pixels": ["IMAGE"], "vae": ["VAE"]}}, "output": ["LATENT"]},
  "VAEDecode": {"input": {"required": {"samples": ["LATENT"], "vae": ["VAE"]}}, "output": ["IMAGE"]},
  "SetLatentNoiseMask": {"input": {"required": {"samples": ["LATENT"], "mask": ["MASK"]}}, "output": ["LATENT"]},
  "LoadImage": {"input": {"required": {"image": [["example.png"], {"image_upload": true}]}}, "output": ["IMAGE", "MASK"]},
  "LoraLoader": {"input": {"required": {"model": ["MODEL"], "clip": ["CLIP"], "lora_name": [["l.safetensors"]], "strength_model": ["FLOAT", {"min": -100, "max": 100}], "strength_clip": ["FLOAT", {"min": -100, "max": 100}]}}, "output": ["MODEL", "CLIP"]},
  "PrimitiveInt": {"input": {"required": {"value": ["INT", {"min": -9223372036854775807, "max": 9223372036854775807, "control_after_generate": true}]}}, "output": ["INT"]},
  "PrimitiveBoolean": {"input": {"required": {"value": ["BOOLEAN", {}]}}, "output": ["BOOLEAN"]},
  "ComfySwitchNode": {"input": {"required": {"switch": ["BOOLEAN"], "on_false": ["*"], "on_true": ["*"]}}, "output": ["*"]},
  "StringConcatenate": {"input": {"required": {"string_a": ["STRING", {"multiline": true}], "string_b": ["STRING", {"multiline": true}], "delimiter": ["STRING", {}]}}, "output": ["STRING"]},
  "ImageBlend": {"input": {"required": {"image": ["IMAGE"], "factor": ["FLOAT", {"min": 0, "max": 1}], "mode": [["normal"]]}}, "output": ["IMAGE"]},
  "CreateVideo": {"input": {"required": {"images": ["IMAGE"], "fps": ["FLOAT", {"min": 1, "max": 120}]}}, "output": ["VIDEO"]},
  "SaveVideo": {"input": {"required": {"video": ["VIDEO"], "filename_prefix": ["STRING", {}], "format": ["COMFY_DYNAMICCOMBO_V3", {"options": [{"key": "mp4", "inputs": {"required": {"codec": ["COMBO", {"options": ["h264", "av1"]}]}}}]}]}}, "output": [], "output_node": true},
  "SaveImage": {"input": {"required": {"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]}}, "output": [], "output_node": true},
  "ServiceNode": {"input": {"required": {"prompt": ["STRING", {"multiline": true}], "negative_prompt": ["STRING", {}], "seed": ["INT", {"min": 0, "max": 2147483647}], "aspect_ratio": ["COMBO", {"options": ["1:1", "16:9"]}]}}, "output": ["IMAGE"]}
}`);
export const { catalog, notes } = parseCatalog(objectInfo);

export const textToImage = parseGraph(
  parseJson(`{
  "3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551615, "control_after_generate": "randomize", "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "denoise": 1,
        "model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
  "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
  "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
  "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["10", 1]}},
  "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["10", 1]}},
  "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
  "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "fox"}},
  "10": {"class_type": "LoraLoader", "inputs": {"model": ["4", 0], "clip": ["4", 1], "lora_name": "l.safetensors", "strength_model": 0.8, "strength_clip": 0.8}},
  "11": {"class_type": "KSampler", "inputs": {"seed": 1}}
}`),
);
