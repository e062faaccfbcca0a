import type { JsonValue } from "../../json/exact.ts";
import { isLink } from "../graph.ts";
import type { GraphInput } from "./parameter.ts";
import type { NodeInput, Wiring } from "./wiring.ts";

/** Which kind of literal is looked for behind a link. */
export type LiteralKind = "number" | "text" | "boolean" | "any";

/** Longer chains of reroutes and switches are no longer one knob. */
const maxHops = 16;
/** A value that so many inputs decide is no knob either; damaged graphs link everything to everything. */
const maxInputs = 24;

/** Nodes that hand on one of their inputs as it is, whatever pack they are of. */
const passThrough = /reroute|switch|pass|pipe|anything|any ?index|selector|if.?else|conditional|show|display|preview|debug|cast|convert|to ?(?:string|text|int|float)\b/i;
/** Nodes that make one text of several, each of which may be a prompt. */
const joinsText = /concat|join|combine|append|text ?multiline ?merge|string ?merge|string ?function/i;

/** What a node that only holds a value calls it, in the order of preference. */
const valueNames: Readonly<Record<Exclude<LiteralKind, "any">, readonly string[]>> = {
  number: ["value", "Value", "seed", "noise_seed", "int", "float", "number", "Number", "a", "steps", "cfg", "width", "height"],
  text: ["value", "text", "string", "prompt", "Text", "String", "positive", "populated_text", "wildcard_text"],
  boolean: ["value", "boolean", "bool", "toggle", "Boolean"],
};
const separators: ReadonlySet<string> = new Set(["delimiter", "separator", "sep", "clean_whitespace", "linebreak_addition", "action", "tidy_tags"]);

function isOfKind(value: JsonValue, kind: LiteralKind): boolean {
  switch (kind) {
    case "number":
      return typeof value === "number" || typeof value === "bigint";
    case "text":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "any":
      return typeof value !== "object";
  }
}

function heldValues(wiring: Wiring, nodeId: string, kind: LiteralKind, consumed: string): readonly NodeInput[] {
  const literals = wiring.literals(nodeId).filter((literal) => isOfKind(literal.value, kind) && !separators.has(literal.input));
  const names = kind === "any" ? [...valueNames.number, ...valueNames.text, ...valueNames.boolean] : valueNames[kind];
  const named = [consumed, ...names].flatMap((name) => literals.filter((literal) => literal.input === name))[0];
  if (named !== undefined) return [named];
  return literals.length === 1 ? literals : [];
}

/**
 * The literals that decide the value of an input: its own, or those of the nodes behind its link that hold a value,
 * through reroutes, switches (then each branch) and, for text, joins. Nothing behind a node that calculates.
 */
export function literalsBehind(wiring: Wiring, target: GraphInput, kind: LiteralKind): readonly NodeInput[] {
  const found: NodeInput[] = [];
  const seen = new Set<string>();
  const open: { readonly target: GraphInput; readonly hops: number }[] = [{ target, hops: 0 }];
  for (let next = open.pop(); next !== undefined && seen.size < maxInputs; next = open.pop()) {
    const { nodeId, input } = next.target;
    const node = wiring.node(nodeId);
    const value = node?.inputs[input];
    if (node === undefined || value === undefined || next.hops > maxHops || seen.has(`${nodeId}\0${input}`)) continue;
    seen.add(`${nodeId}\0${input}`);
    if (!isLink(value)) {
      if (isOfKind(value, kind) && wiring.literals(nodeId).some((literal) => literal.input === input)) found.push({ nodeId, input, node, value });
      continue;
    }
    const source = wiring.node(value[0]);
    if (source === undefined || !wiring.mayFollow()) continue;
    const links = wiring.links(value[0]);
    const joins = kind === "text" && joinsText.test(source.class_type);
    if (joins) {
      found.push(...wiring.literals(value[0]).filter((literal) => typeof literal.value === "string" && literal.value !== "" && !separators.has(literal.input)));
    } else if (links.length === 0) {
      found.push(...heldValues(wiring, value[0], kind, input));
      continue;
    } else if (!passThrough.test(source.class_type)) {
      // A node that holds the value and lets a link replace it: the link is what counts.
      const only = links.length === 1 ? links[0] : undefined;
      const holder = only !== undefined && [...valueNames.text, ...valueNames.number, ...valueNames.boolean].includes(only.input);
      if (!holder) continue;
    }
    // Last in, first out: turned round, the branches come in the order of the node.
    for (const link of links.slice(0, Math.max(maxInputs - open.length, 0)).toReversed()) {
      if (/^(?:switch|condition|boolean|select|index|mode)$/i.test(link.input)) continue;
      open.push({ target: { nodeId: value[0], input: link.input }, hops: next.hops + 1 });
    }
  }
  return found;
}
