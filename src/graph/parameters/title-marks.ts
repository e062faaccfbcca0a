import type { Candidate } from "./candidate.ts";
import { slug } from "./parameter-name.ts";
import type { NodeInput, Wiring } from "./wiring.ts";

/** `$name` or `$name.input` as a word of its own, anywhere in a title. */
const mark = /(?:^|\s)\$([A-Za-z][\w-]*)(?:\.([\w.-]+))?/g;

/** What a node is mostly for, when several of its inputs could be meant. */
const mainInputs = ["value", "text", "prompt", "image", "video", "audio", "mask", "file", "string"];

function marked(literals: readonly NodeInput[], name: string, input: string | undefined): readonly NodeInput[] {
  if (input !== undefined) return literals.filter((literal) => literal.input === input);
  const named = [name, ...mainInputs].flatMap((candidate) => literals.filter((literal) => literal.input === candidate))[0];
  return named === undefined ? literals : [named];
}

/**
 * The inputs of nodes whose title has `$name` in it. On a node of many inputs, none of which is called so, each is
 * meant and named `name_input`.
 */
export function findTitleMarks(wiring: Wiring): Candidate[] {
  return Object.entries(wiring.graph).flatMap(([nodeId, node]) =>
    [...(node._meta?.title ?? "").matchAll(mark)].flatMap(([, word = "", input]) => {
      const name = slug(word);
      if (name === undefined) return [];
      const found = marked(wiring.literals(nodeId), word, input);
      return found.map((literal): Candidate => {
        return {
          role: "other", source: "title", name: found.length === 1 ? name : (slug(`${name}_${literal.input}`) ?? name),
          target: { nodeId, input: literal.input }, joins: `$${name}`,
        };
      });
    }),
  );
}
