import { isLink } from "../graph.ts";
import type { Candidate } from "./candidate.ts";
import { literalsBehind } from "./literals-behind.ts";
import type { GraphInput } from "./parameter.ts";
import { plainName, type Wiring } from "./wiring.ts";

type Polarity = "positive" | "negative";

/** Inputs that hold what a person asks for, over all packs. */
const textInput = /^(?:text|prompt|text_[gl]|clip_[lg]|t5xxl|llama|qwen|tags|lyrics|caption|instruction|user_prompt|global_prompt|text_?(?:positive|negative)|(?:positive|negative)(?:_prompt|_text)?|prompt_?(?:positive|negative))$/i;
/** Sockets and text inputs that carry one side only. */
const negativeName = /neg/i;
const positiveName = /pos/i;
const conditioningName = /cond|positive|negative|embeds?$|guider|prompt/i;
/** Turns whatever text into nothing. */
const zeroes = /zero_?out/i;

function isConditioningLink(wiring: Wiring, link: { readonly from: string; readonly slot: number; readonly input: string }): boolean {
  const type = wiring.outputType(link);
  if (type === undefined || type === "*") return conditioningName.test(link.input) || /reroute|switch/i.test(wiring.node(link.from)?.class_type ?? "");
  return /COND|EMBEDS|GUIDER|PIPE/i.test(type) && !/CLIP_VISION|IMAGE/i.test(type);
}

/** Which of a node's links lead on to the text of one side. */
function onwards(wiring: Wiring, nodeId: string, slot: number): string[] {
  const links = wiring.links(nodeId).filter((link) => isConditioningLink(wiring, link));
  const sides = links.filter((link) => positiveName.test(link.input) || negativeName.test(link.input));
  const both = sides.some((link) => positiveName.test(link.input)) && sides.some((link) => negativeName.test(link.input));
  if (!both) return links.map((link) => link.input);
  // ControlNet and image-to-video nodes hand positive and negative through side by side.
  const outputName = wiring.classOf(nodeId)?.outputs[slot]?.name ?? "";
  const negative = negativeName.test(outputName) || (!positiveName.test(outputName) && slot === 1);
  return links.filter((link) => !sides.includes(link) || negativeName.test(link.input) === negative).map((link) => link.input);
}

function textInputs(wiring: Wiring, nodeId: string): string[] {
  const node = wiring.node(nodeId);
  if (node === undefined) return [];
  return Object.entries(node.inputs).flatMap(([input, value]) => {
    if (typeof value !== "string" && !isLink(value)) return [];
    if (isLink(value)) {
      const type = wiring.outputType({ from: value[0], slot: value[1] });
      if (type !== undefined && type !== "STRING" && type !== "*") return [];
      return textInput.test(plainName(input)) && (type !== undefined || !/^(?:positive|negative)$/i.test(input)) ? [input] : [];
    }
    return textInput.test(plainName(input)) ? [input] : [];
  });
}

class TextWalk {
  readonly #wiring: Wiring;
  readonly #taken = new Set<string>();
  /** Over all walks: thousands of samplers may share one chain of conditioning. */
  readonly #seen = new Set<string>();
  readonly candidates: Candidate[] = [];

  constructor(wiring: Wiring) {
    this.#wiring = wiring;
  }

  /** Takes the text of `input`; `muted`: an empty one there has no influence. */
  take({ nodeId, input }: GraphInput, polarity: Polarity, muted = false): void {
    const lyrics = /lyrics/i.test(input);
    const role = lyrics ? "lyrics" : polarity === "positive" ? "prompt" : "negative_prompt";
    for (const literal of literalsBehind(this.#wiring, { nodeId, input }, "text")) {
      const key = `${literal.nodeId}\0${literal.input}`;
      if (this.#taken.has(key)) continue;
      this.#taken.add(key);
      if (muted && literal.value === "") continue;
      this.candidates.push({
        role, source: "link", name: role, target: { nodeId: literal.nodeId, input: literal.input }, feeds: { nodeId, input }, joins: role,
      });
    }
  }

  /** Follows conditioning up from an input of a sampler or guider. */
  follow(start: GraphInput, polarity: Polarity, muted: boolean): void {
    const open: GraphInput[] = [start];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const value = this.#wiring.node(next.nodeId)?.inputs[next.input];
      const key = isLink(value) ? `${polarity} ${muted} ${value[1]} ${value[0]}` : "";
      if (!isLink(value) || this.#seen.has(key)) continue;
      this.#seen.add(key);
      const className = this.#wiring.node(value[0])?.class_type ?? "";
      if (polarity === "negative" && zeroes.test(className)) continue;
      for (const input of textInputs(this.#wiring, value[0])) {
        const side: Polarity = negativeName.test(input) ? "negative" : positiveName.test(input) ? "positive" : polarity;
        // A node with both sides gives each to its own socket.
        this.take({ nodeId: value[0], input }, side, muted && side === "negative");
      }
      for (const input of onwards(this.#wiring, value[0], value[1]).toReversed()) open.push({ nodeId: value[0], input });
    }
  }
}

interface Start {
  readonly target: GraphInput;
  readonly polarity: Polarity;
  readonly muted: boolean;
}

/**
 * Where conditioning ends: samplers, guiders and detailers, which take it and hand on something else. The positive sides
 * come first, and what is neither comes last: the second of two conditions is mostly one of the sides with an image.
 */
function starts(wiring: Wiring): Start[] {
  const found = wiring.reachable.flatMap((nodeId) => {
    const handsOn = wiring.classOf(nodeId)?.outputs.some((output) => output.type === "CONDITIONING") ?? false;
    if (handsOn) return [];
    // Without guidance the negative side is not even calculated.
    const muted = wiring.node(nodeId)?.inputs["cfg"] === 1;
    return wiring
      .links(nodeId)
      .filter((link) => isConditioningLink(wiring, link))
      .map((link) => {
        const negative = negativeName.test(link.input);
        const rank = negative ? 1 : /[2-9]$/.test(link.input) ? 2 : 0;
        const start: Start = { target: { nodeId, input: link.input }, polarity: negative ? "negative" : "positive", muted };
        return { start, rank };
      });
  });
  return found.toSorted((a, b) => a.rank - b.rank).map(({ start }) => start);
}

/** Makes text instead of taking it for a picture: captioners and language models. */
export function makesText(wiring: Wiring, nodeId: string): boolean {
  const known = wiring.classOf(nodeId);
  if (known !== undefined) return known.outputs.length > 0 && known.outputs.every((output) => output.type === "STRING");
  const inputs = wiring.node(nodeId)?.inputs ?? {};
  return "max_new_tokens" in inputs || "max_tokens" in inputs;
}

/** Prompts of nodes that generate on their own: services, speech, music. */
function directText(wiring: Wiring, walk: TextWalk): void {
  for (const nodeId of wiring.reachable) {
    if (makesText(wiring, nodeId)) continue;
    for (const input of textInputs(wiring, nodeId)) walk.take({ nodeId, input }, negativeName.test(input) ? "negative" : "positive");
  }
}

/** Positive and negative prompts, found from the samplers that they reach; in a graph without samplers, by their names. */
export function findTexts(wiring: Wiring): Candidate[] {
  const walk = new TextWalk(wiring);
  for (const { target, polarity, muted } of starts(wiring)) walk.follow(target, polarity, muted);
  if (walk.candidates.length === 0) directText(wiring, walk);
  return walk.candidates;
}
