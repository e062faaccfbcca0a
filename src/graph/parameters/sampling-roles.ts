import type { Candidate } from "./candidate.ts";
import { type LiteralKind, literalsBehind } from "./literals-behind.ts";
import type { ParameterRole } from "./parameter.ts";
import { makesText } from "./text-roles.ts";
import { plainName, type Wiring } from "./wiring.ts";

interface Rule {
  readonly role: ParameterRole;
  readonly input: RegExp;
  readonly kind: LiteralKind;
}

/** What samplers, schedulers, guiders and noise nodes of all packs call these. */
const rules: readonly Rule[] = [
  { role: "seed", input: /^(?:noise_|rand_|random_)?seed$/, kind: "number" },
  { role: "steps", input: /^(?:num_)?(?:inference_)?steps$/, kind: "number" },
  { role: "cfg", input: /^(?:cfg|cfg_scale|cfg_conds|text_cfg|true_cfg)$/, kind: "number" },
  { role: "guidance", input: /^(?:guidance|guidance_scale|embedded_guidance_scale)$/, kind: "number" },
  { role: "sampler", input: /^sampler(?:_name)?$/, kind: "text" },
  { role: "scheduler", input: /^scheduler(?:_name)?$/, kind: "text" },
  { role: "denoise", input: /^denois(?:e|e_strength|ing_strength)$/, kind: "number" },
];

/** Whether the input has a part in what this node does, with the rest of the node as it is. */
function matters(wiring: Wiring, nodeId: string, role: ParameterRole): boolean {
  const inputs = wiring.node(nodeId)?.inputs ?? {};
  // The latent a sampler starts from: KJ's and Kijai's nodes leave it out when there is none.
  const starts = wiring.links(nodeId).some((link) => /^(?:samples|latent|latents|latent_image|image|images|pixels|segs)$/.test(link.input));
  switch (role) {
    case "seed":
      // A second stage gets its noise with the latent.
      if (inputs["add_noise"] === "disable" || inputs["add_noise"] === false) return false;
      return inputs["add_noise_to_samples"] === undefined || Boolean(inputs["add_noise_to_samples"]) || !starts;
    case "denoise":
      // How much of a latent is kept; schedulers are asked for it without having one.
      return starts || !wiring.links(nodeId).some((link) => /embeds|cond|positive/.test(link.input));
    case "cfg":
      // Guidance of exactly 1 is off: the model is distilled, and any other value would only double its work.
      return inputs["cfg"] !== 1;
    default:
      return true;
  }
}

/** Seed, steps, guidance, sampler, scheduler and denoise, on the nodes that have them or behind their links. */
export function findSampling(wiring: Wiring): Candidate[] {
  return rules.flatMap(({ role, input, kind }) =>
    wiring.reachable.flatMap((nodeId) => {
      const names = Object.keys(wiring.node(nodeId)?.inputs ?? {}).filter((name) => input.test(plainName(name)));
      if (names.length === 0 || makesText(wiring, nodeId) || !matters(wiring, nodeId, role)) return [];
      return names.flatMap((name) =>
        literalsBehind(wiring, { nodeId, input: name }, kind).map((literal): Candidate => {
          return { role, source: "link", name: role, target: { nodeId: literal.nodeId, input: literal.input }, feeds: { nodeId, input: name }, joins: role };
        }),
      );
    }),
  );
}

/** Booleans that a person put on a node of their own and that choose between branches. */
export function findSwitches(wiring: Wiring): Candidate[] {
  return wiring.reachable.flatMap((nodeId) =>
    wiring
      .links(nodeId)
      .filter((link) => /^(?:switch|condition|boolean)$/i.test(link.input))
      .flatMap((link) =>
        literalsBehind(wiring, { nodeId, input: link.input }, "boolean").map((literal): Candidate => {
          return { role: "switch", source: "link", name: "switch", target: { nodeId: literal.nodeId, input: literal.input }, joins: undefined };
        }),
      ),
  );
}
