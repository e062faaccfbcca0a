import type { Graph } from "../../graph/graph.ts";
import type { Candidate } from "./candidate.ts";
import type { Plan, PlannedParameter } from "./plan.ts";
import { plainWords, seedWords, snakeCase } from "./words.ts";

/** What is said of a role where neither the catalog nor the export says anything. */
const roleWords: Readonly<Record<string, string>> = {
  prompt: "What the result shows",
  negative_prompt: "What the result does not show",
  lyrics: "The words that are sung",
  image: "The image to work on",
  mask: "The mask: white where the image changes",
  video: "The video to work on",
  audio: "The sound to work on",
  file: "The file to work on",
  seed: seedWords,
  steps: "Sampling steps. More take longer, in proportion, and add detail up to a point",
  cfg: "How closely the result follows the prompt",
  guidance: "How closely the result follows the prompt",
  sampler: "The method that removes the noise step by step",
  scheduler: "How the noise is spread over the steps",
  denoise: "How much is made anew: 1 makes all of it, lower values keep more of what goes in",
  width: "Width in pixels",
  height: "Height in pixels",
  size: "Size of the result",
  aspect_ratio: "Proportions of the result",
  length: "Length in frames",
  duration: "Length in seconds",
  fps: "Frames per second",
  batch_size: "How many are made in one run. Each takes memory",
  model: "The model file to use, by the name ComfyUI lists it under",
  lora: "The LoRA to apply, by the name ComfyUI lists it under",
  lora_strength: "How strongly the LoRA is applied",
  strength: "How strongly this is applied",
  switch: "Switches this part on or off",
};

const groups: readonly (readonly [name: string, roles: readonly string[]])[] = [
  ["Prompt", ["prompt", "negative_prompt", "lyrics"]],
  ["Input", ["image", "mask", "video", "audio", "file"]],
  ["Size", ["width", "height", "size", "aspect_ratio", "length", "duration", "fps", "batch_size"]],
  ["Sampling", ["seed", "steps", "cfg", "guidance", "sampler", "scheduler", "denoise"]],
  ["Model", ["model", "lora", "lora_strength", "strength"]],
];

/** A caller gets a folder of its own for each job, so the name in it is nobody's concern. */
const leftOutRoles: ReadonlySet<string> = new Set(["filename_prefix"]);

function inputWords(candidate: Candidate, graph: Graph): string {
  const [first] = candidate.sets;
  const node = first === undefined ? undefined : graph[first.nodeId];
  if (first === undefined || node === undefined) return "A value of the workflow";
  const title = plainWords(node._meta?.title ?? node.class_type, 60) || "a node";
  return `${plainWords(first.input, 60) || "Value"} of ${title}`;
}

function describe(candidate: Candidate, graph: Graph, isOnly: boolean): string {
  // Tooltips speak to who builds a graph; where the role is known, its words speak to a caller.
  const words = candidate.authored ? candidate.description : (roleWords[candidate.role] ?? candidate.description);
  const text = words || inputWords(candidate, graph);
  // Two of a role are told apart by where they act.
  return isOnly ? text : `${text.replace(/[.\s]+$/, "")} (${inputWords(candidate, graph)})`;
}

/** Where the catalog's range is that of a data type, what callers can use of it. Only when it holds the graph's own value. */
const sensibleRanges: Readonly<Record<string, readonly [min: number, max: number]>> = {
  width: [64, 4096],
  height: [64, 4096],
  steps: [1, 150],
  cfg: [0, 30],
  lora_strength: [-2, 2],
  batch_size: [1, 16],
  fps: [1, 120],
};

function sensibleRange({ role, type, value }: Candidate): { readonly min: number | null; readonly max: number | null } {
  const range = sensibleRanges[role];
  if (range === undefined || (type.kind !== "integer" && type.kind !== "number") || typeof value !== "number") return { min: null, max: null };
  const [min, max] = range;
  if (value < min || value > max) return { min: null, max: null };
  return { min: type.min === null || type.min < min ? min : null, max: type.max === null || type.max > max ? max : null };
}

function planned(candidate: Candidate, graph: Graph, isOnly: boolean): PlannedParameter {
  const isFile = candidate.type.kind === "file";
  const isPrompt = candidate.role === "prompt" && isOnly && candidate.value !== "";
  return {
    candidate: candidate.key,
    keep: candidate.suggested && !leftOutRoles.has(candidate.role),
    name: candidate.key,
    description: describe(candidate, graph, isOnly),
    group: groups.find(([, roles]) => roles.includes(candidate.role))?.[0] ?? "More",
    default: null,
    ...sensibleRange(candidate),
    options: null,
    required: isFile || isPrompt,
  };
}

/** Ways in which what goes in becomes what comes out, told by the outputs' classes and the roles that are there. */
function kindOf(graph: Graph, candidates: readonly Candidate[]): string {
  const classes = Object.values(graph).map((node) => node.class_type.toLowerCase());
  const has = (pattern: RegExp): boolean => classes.some((name) => pattern.test(name));
  const result = has(/save.*(glb|mesh|3d|splat)|preview3d|saveglb/)
    ? "3D"
    : has(/savevideo|videocombine|saveanimated|savewebm|createvideo/)
      ? "video"
      : has(/saveaudio|previewaudio/)
        ? "audio"
        : has(/saveimage|previewimage|image.*save/)
          ? "image"
          : "result";
  const roles = new Set(candidates.filter((candidate) => candidate.suggested).map((candidate) => candidate.role));
  const sources = (["prompt", "video", "image", "audio"] as const).filter((role) => roles.has(role)).map((role) => (role === "prompt" ? "text" : role));
  return sources.length === 0 ? result : `${sources.join(" and ")} to ${result}`;
}

const articles: Readonly<Record<string, string>> = { image: "an image", video: "a video", audio: "sound", "3D": "a 3D model", result: "its result" };

export interface RulesContext {
  readonly graph: Graph;
  readonly candidates: readonly Candidate[];
  readonly outputNodes: readonly string[];
  /** Name of the export's file. */
  readonly file: string;
}

/** A plan by rules alone: the names that the roles have, and the words of the catalog. */
export function rulesPlan({ graph, candidates, outputNodes, file }: RulesContext): Plan {
  const kind = kindOf(graph, candidates);
  const stem = file.replace(/\.[^.]*$/, "").replace(/[._ -](?:api|gui|workflow)$/i, "");
  const name = plainWords(stem.replace(/[_-]+/g, " "), 50) || "Workflow";
  const title = (nodeId: string): string => plainWords(graph[nodeId]?._meta?.title ?? graph[nodeId]?.class_type ?? "", 60) || "Output";
  const count = (candidate: Candidate): number => candidates.filter((other) => other.suggested && other.role === candidate.role).length;
  const kept = candidates.filter((candidate) => candidate.suggested && !leftOutRoles.has(candidate.role));
  const needed = kept.filter((candidate) => planned(candidate, graph, count(candidate) === 1).required).map(({ key }) => `\`${key}\``);
  return {
    id: `generated/${snakeCase(stem) || "workflow"}`,
    summary: `${name}: ${kind}`,
    description: `Makes ${kind === "result" ? "its result" : kind.replace(/^(?:(.*) to )?(.*)$/, (_all, from: string | undefined, to: string) => `${articles[to] ?? to}${from === undefined ? "" : ` from ${from}`}`)} as the workflow “${name}” does. ${needed.length === 0 ? "Every field has a default." : `Needs ${needed.join(" and ")}; every other field has a default.`}`,
    parameters: candidates.map((candidate) => planned(candidate, graph, count(candidate) === 1)),
    outputs: outputNodes.map((nodeId) => ({ node_id: nodeId, name: title(nodeId) })),
  };
}
