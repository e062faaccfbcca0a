import type { Candidate } from "./candidate.ts";
import type { ParameterType } from "./parameter.ts";
import type { NodeInput, Wiring } from "./wiring.ts";

type FileType = Extract<ParameterType, "image" | "mask" | "video" | "audio" | "file">;

/** For classes that no catalog knows: a loader with the name of such a file in it. */
const extensions: readonly (readonly [FileType, RegExp])[] = [
  ["image", /\.(?:png|jpe?g|webp|gif|bmp|tiff?|avif|exr)$/i],
  ["video", /\.(?:mp4|webm|mov|mkv|avi|m4v)$/i],
  ["audio", /\.(?:wav|mp3|flac|ogg|opus|m4a)$/i],
  ["file", /\.(?:glb|gltf|obj|fbx|stl|ply)$/i],
];
const fileInput = /^(?:image|images|mask|video|audio|file|audio_file|model_file|image_path|video_path|audio_path)$/;
const loads = /load|upload|input/i;

/** Sockets that say what a file is for. */
const purpose = /^(?:start|end|first|last|middle|control|ref|reference|style|source|target|face|pose|depth|inpaint|background|clip_vision)(?:_|$)/i;
const maxHops = 6;
/** A picture used in more places has no one purpose. */
const maxConsumers = 50;

function fileType(wiring: Wiring, literal: NodeInput): FileType | undefined {
  const spec = wiring.specOf(literal);
  if (spec !== undefined) {
    if (spec.kind !== "combo" || spec.upload === undefined) return undefined;
    return spec.upload === "animated_image" ? "image" : spec.upload;
  }
  const value = literal.value;
  if (typeof value !== "string" || !fileInput.test(literal.input) || !loads.test(literal.node.class_type)) return undefined;
  // Old exports have `[input]` and `[output]` behind the name.
  const name = value.replace(/ \[\w+\]$/, "");
  return extensions.find(([, pattern]) => pattern.test(name))?.[0];
}

/** LoadImage gives a picture and its alpha channel: when only the latter is used, the file is a mask. */
function isMask(wiring: Wiring, nodeId: string): boolean {
  if (/mask/i.test(wiring.node(nodeId)?.class_type ?? "")) return true;
  const consumers = wiring.consumers(nodeId);
  return consumers.length > 0 && consumers.every((consumer) => {
    const type = wiring.outputType({ from: nodeId, slot: consumer.slot });
    return type === undefined ? consumer.slot === 1 && /mask/i.test(consumer.input) : type === "MASK";
  });
}

/** `end_image` when the picture ends up in an input of that name, through resizing and the like; else `image`. */
function nameOf(wiring: Wiring, nodeId: string, type: FileType): string {
  let level = [nodeId];
  const seen = new Set(level);
  for (let hop = 0; hop < maxHops && level.length > 0; hop += 1) {
    const consumers = level.flatMap((id) => wiring.consumers(id).slice(0, maxConsumers));
    const named = consumers.find((consumer) => purpose.test(consumer.input));
    if (named !== undefined) {
      const word = named.input.toLowerCase();
      return word.endsWith(type) ? word : `${word}_${type}`;
    }
    level = [...new Set(consumers.map((consumer) => consumer.nodeId))].filter((id) => !seen.has(id));
    for (const id of level) seen.add(id);
  }
  return type;
}

/** Pictures, masks, videos and sounds that a caller uploads. */
export function findFiles(wiring: Wiring): Candidate[] {
  return wiring.reachable.flatMap((nodeId) =>
    wiring.literals(nodeId).flatMap((literal): Candidate[] => {
      const found = fileType(wiring, literal);
      if (found === undefined) return [];
      const type = found === "image" && isMask(wiring, nodeId) ? "mask" : found;
      const name = type === "mask" ? "mask" : nameOf(wiring, nodeId, type);
      return [{ role: type, source: "link", name, target: { nodeId, input: literal.input }, type }];
    }),
  );
}
