import { encodeWebp } from "../drawing/webp.ts";
import { silentMp3 } from "../drawing/mp3.ts";
import { encodeMp4 } from "../drawing/mp4.ts";
import { choice, float, integer, socket, text, values, type NodeDefinition } from "../node-definition.ts";
import { NodeFailure } from "../node-failure.ts";
import { numberedName, savePath } from "../save-path.ts";
import { store } from "./save-file.ts";

const metadata = { prompt: "PROMPT", extra_pnginfo: "EXTRA_PNGINFO" };

/** A clip longer than this would not fit a real host's memory either. */
const maxAudioSeconds = 3600;

export const mediaNodes: readonly NodeDefinition[] = [
  {
    name: "SaveAnimatedWEBP",
    displayName: "SaveAnimatedWEBP",
    category: "image/animation",
    module: "comfy_extras.nodes_images",
    style: "v1",
    required: [
      socket("images", "IMAGE"),
      text("filename_prefix", { default: "ComfyUI" }),
      float("fps", { default: 6, min: 0.01, max: 1000, step: 0.01 }),
      { name: "lossless", type: "BOOLEAN", options: { default: true } },
      integer("quality", { default: 80, min: 0, max: 100 }),
      choice("method", ["default", "fastest", "slowest"]),
    ],
    hidden: metadata,
    outputs: [],
    outputNode: true,
    run: (input, { files }) => {
      const frames = input.images("images");
      const { width = 0, height = 0 } = frames[0] ?? {};
      const { subfolder, name, counter } = savePath(files, "output", input.text("filename_prefix"), { width, height });
      const bytes = encodeWebp(frames, Math.round(1000 / input.float("fps")));
      return { ui: { images: [store(files, "output", subfolder, numberedName(name, counter, "webp"), bytes)], animated: [frames.length !== 1] } };
    },
  },
  {
    name: "CreateVideo",
    displayName: "Create Video",
    category: "image/video",
    module: "comfy_extras.nodes_video",
    description: "Create a video from images.",
    style: "v3",
    required: [
      socket("images", "IMAGE", { tooltip: "The images to create a video from." }),
      float("fps", { default: 30, min: 1, max: 120, step: 1 }),
    ],
    optional: [socket("audio", "AUDIO", { tooltip: "The audio to add to the video." })],
    outputs: [{ type: "VIDEO" }],
    run: (input) => values({ kind: "video", frames: input.images("images"), fps: input.float("fps") }),
  },
  {
    name: "SaveVideo",
    displayName: "Save Video",
    category: "image/video",
    module: "comfy_extras.nodes_video",
    description: "Saves the input images to your ComfyUI output directory.",
    style: "v3",
    required: [
      socket("video", "VIDEO", { tooltip: "The video to save." }),
      text("filename_prefix", { tooltip: "The prefix for the file to save.", default: "video/ComfyUI", multiline: false }),
      { name: "format", type: "COMBO", options: { default: "auto", multiselect: false, options: ["auto", "mp4"] } },
      { name: "codec", type: "COMBO", options: { default: "auto", multiselect: false, options: ["auto", "h264"] } },
    ],
    hidden: metadata,
    outputs: [],
    outputNode: true,
    run: (input, { files }) => {
      const { frames, fps } = input.video("video");
      const { width = 0, height = 0 } = frames[0] ?? {};
      // Not in the list means a failure here: V3 choices are not checked before (comfyui-protocol.md §1.1).
      if (!["auto", "mp4"].includes(input.text("format"))) throw new NodeFailure("ValueError", `'${input.text("format")}' is not a valid VideoContainer`);
      if (!["auto", "h264"].includes(input.text("codec"))) throw new NodeFailure("ValueError", `'${input.text("codec")}' is not a valid VideoCodec`);
      const { subfolder, name, counter } = savePath(files, "output", input.text("filename_prefix"), { width, height });
      return { ui: { images: [store(files, "output", subfolder, numberedName(name, counter, "mp4"), encodeMp4(frames, fps))], animated: [true] } };
    },
  },
  {
    name: "EmptyAudio",
    displayName: "Empty Audio",
    category: "audio",
    module: "comfy_extras.nodes_audio",
    style: "v1",
    required: [
      float("duration", { default: 60, min: 0, max: 18446744073709551615n, step: 0.01, tooltip: "Duration of the empty audio clip in seconds" }),
      integer("sample_rate", { default: 44100, tooltip: "Sample rate of the empty audio clip." }),
      integer("channels", { default: 2, min: 1, max: 2, tooltip: "Number of audio channels (1 for mono, 2 for stereo)." }),
    ],
    outputs: [{ type: "AUDIO" }],
    run: (input) => {
      const seconds = input.float("duration");
      if (seconds > maxAudioSeconds) throw new NodeFailure("RuntimeError", "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory");
      return values({ kind: "audio", seconds, sampleRate: input.int("sample_rate"), channels: input.int("channels") });
    },
  },
  {
    name: "SaveAudioMP3",
    displayName: "Save Audio (MP3)",
    category: "audio",
    module: "comfy_extras.nodes_audio",
    style: "v1",
    required: [
      socket("audio", "AUDIO"),
      text("filename_prefix", { default: "audio/ComfyUI" }),
      choice("quality", ["V0", "128k", "320k"], { default: "V0" }),
    ],
    hidden: metadata,
    outputs: [],
    outputNode: true,
    run: (input, { files }) => {
      const { seconds, channels } = input.audio("audio");
      const { subfolder, name, counter } = savePath(files, "output", input.text("filename_prefix"), { width: 0, height: 0 });
      return { ui: { audio: [store(files, "output", subfolder, numberedName(name, counter, "mp3"), silentMp3(seconds, channels))] } };
    },
  },
];
