import { expect, it } from "vitest";
import { findStrayPaths } from "./confine.ts";
import type { GraphNode } from "./graph.ts";

const sha = "ab".repeat(32);

function stray(classType: string, input: string, value: GraphNode["inputs"][string]): boolean {
  return findStrayPaths({ "1": { class_type: classType, inputs: { [input]: value } } }, new Set([`comfyui-api/${sha}.png`])).length > 0;
}

it.each([
  ["SaveImage", "filename_prefix", "../../outside"],
  ["SaveImage", "filename_prefix", "/etc/x"],
  ["SaveImage", "filename_prefix", "a\\b"],
  ["LoadImage", "image", "../secret.png"],
  ["LoadImage", "image", "/etc/passwd"],
  ["LoadImage", "image", "x.png [output]"],
  ["LoadImage", "image", "x.png [temp]"],
  ["LoadImage", "image", `comfyui-api/${"cd".repeat(32)}.png`],
  ["LoadImage", "image", "comfyui-api"],
  ["AnyNode", "folder", "ComfyUI-API"],
  ["AnyNode", "path", ".."],
  ["LoadImage", "image", "photo\u0000"],
  ["CheckpointLoaderSimple", "ckpt_name", "..\\..\\x.safetensors"],
  ["VHS_LoadVideoPath", "video", "C:\\windows\\x.mp4"],
  ["LoadAnything", "whatever", "~/.ssh/id_rsa"],
  ["LoadImageFromUrl", "url", "http://169.254.169.254/latest"],
  ["AnyNode", "output_path", "/tmp/x"],
  ["AnyNode", "files", { __value__: ["a.png", "../b.png"] }],
  ["CLIPTextEncode", "text", "a cat, embedding:../../x"],
] as const)("%s.%s = %j is refused", (classType, input, value) => {
  expect(stray(classType, input, value)).toBe(true);
});

it.each([
  ["SaveImage", "filename_prefix", "clips/%date:yyyy-MM-dd%/x"],
  ["LoadImage", "image", "photo.png"],
  ["LoadImage", "image", "folder/photo.png"],
  ["LoadImage", "image", `comfyui-api/${sha}.png`],
  ["CheckpointLoaderSimple", "ckpt_name", "SDXL\\model.safetensors"],
  ["KSampler", "sampler_name", "euler"],
  ["CLIPTextEncode", "text", "/imagine a cat/dog … ../"],
  ["CLIPTextEncode", "text", "embedding:EasyNegative, (embedding:x:1.2)"],
  ["ETN_LoadImageBase64", "image", `/9j/${"A".repeat(5000)}`],
  ["SaveImage", "images", ["../1", 0]],
] as const)("%s.%s = %j is let through", (classType, input, value) => {
  expect(stray(classType, input, value)).toBe(false);
});
