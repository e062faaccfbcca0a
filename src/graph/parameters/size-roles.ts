import type { Candidate } from "./candidate.ts";
import { literalsBehind } from "./literals-behind.ts";
import type { ParameterRole } from "./parameter.ts";
import { plainName, type Wiring } from "./wiring.ts";

function candidates(wiring: Wiring, nodeId: string, input: string, role: ParameterRole): Candidate[] {
  return literalsBehind(wiring, { nodeId, input }, role === "aspect_ratio" ? "text" : "number").map((literal) => {
    return { role, source: "link", name: role, target: { nodeId: literal.nodeId, input: literal.input }, feeds: { nodeId, input }, joins: role };
  });
}

/** Whether a node's width and height are the size of what it makes, and not a region in something larger. */
function setsSize(names: ReadonlySet<string>): boolean {
  return names.has("width") && names.has("height") && !(names.has("x") && names.has("y"));
}

/** Crops and drawn masks: a size of something inside the picture. */
function cutsOut(wiring: Wiring, nodeId: string): boolean {
  const outputs = wiring.classOf(nodeId)?.outputs ?? [];
  const onlyMasks = outputs.length > 0 && outputs.every((output) => output.type === "MASK");
  return onlyMasks || /crop/i.test(wiring.node(nodeId)?.class_type ?? "");
}

function roleOf(input: string, names: ReadonlySet<string>): ParameterRole | undefined {
  switch (input) {
    case "width":
    case "target_width":
      return setsSize(names) ? "width" : undefined;
    case "height":
    case "target_height":
      return setsSize(names) ? "height" : undefined;
    case "batch_size":
      return setsSize(names) || names.has("seconds") ? "batch_size" : undefined;
    case "aspect_ratio":
      return "aspect_ratio";
    case "num_frames":
    case "video_frames":
    case "frame_count":
    case "frame_load_cap":
    case "video_length":
      return "length";
    case "length":
      // Also the name of a part cut out of a batch.
      return setsSize(names) || names.has("latent") || names.has("vae") ? "length" : undefined;
    case "seconds":
    case "duration":
    case "audio_duration":
      return names.has("image") && names.has("fps") ? undefined : "duration";
    case "fps":
    case "frame_rate":
      return "fps";
    default:
      return undefined;
  }
}

/** Sizes of pictures in one number, for graphs that state no width and height. */
const singleSize = /^(?:megapixels|largest_size|smallest_size|max_dimension|longest_edge|longer_edge)$/;

/** Width, height, length, duration, frame rate and batch size, wherever a node makes or resizes something. */
export function findSizes(wiring: Wiring): Candidate[] {
  const found = wiring.reachable.flatMap((nodeId) => {
    const inputs = Object.keys(wiring.node(nodeId)?.inputs ?? {});
    const names = new Set(inputs.map((input) => plainName(input)));
    if (cutsOut(wiring, nodeId)) return [];
    return inputs.flatMap((input) => {
      const role = roleOf(plainName(input), names);
      return role === undefined ? [] : candidates(wiring, nodeId, input, role);
    });
  });
  if (found.some((candidate) => candidate.role === "width")) return found;
  const single = wiring.reachable.flatMap((nodeId) =>
    Object.keys(wiring.node(nodeId)?.inputs ?? {})
      .filter((input) => singleSize.test(input))
      .flatMap((input) => candidates(wiring, nodeId, input, "size")),
  );
  return [...found, ...single];
}
