import { isRecord } from "../catalog/json-shape.ts";
import type { Candidate } from "./candidate.ts";
import type { ParameterRole } from "./parameter.ts";
import type { NodeInput, Wiring } from "./wiring.ts";

const modelInput = /^(?:ckpt_name|unet_name|gguf_name|checkpoint|checkpoint_name|base_ckpt_name)$/;
const loraInput = /^lora(?:_name)?(?:_?(\d+))?$/;
const loraStrength = /^(?:strength(?:_model|_clip)?|lora_(?:weight|strength)|(?:model|clip)_weight|weight)(?:_?(\d+))?$/;
const none = /^(?:none)?$/i;

/** What a picture steers: ControlNets, IP-Adapters, style references. */
const steering = /control_?net|ip_?adapter|style_model|(?:^|_)ref(?:erence)?(?:_|$)|image_ref|clip_vision_output|control_?(?:image|video|lora|latents?)|style_?ref/i;
const steeringStrength = /^(?:strength|weight|style_strength|control_strength|conditioning_scale|controlnet_conditioning_scale)$/;

function candidate(role: ParameterRole, name: string, { nodeId, input }: NodeInput, joins?: string): Candidate {
  return { role, source: "link", name, target: { nodeId, input }, joins };
}

/** The model, when the graph has just one: with two (base and refiner, high and low noise) they belong together. */
function findModel(wiring: Wiring): Candidate[] {
  const found = wiring.reachable.flatMap((nodeId) =>
    wiring.literals(nodeId).filter((literal) => modelInput.test(literal.input) && typeof literal.value === "string"),
  );
  return found.length === 1 ? found.map((literal) => candidate("model", "model", literal)) : [];
}

/** LoRAs that are switched on in the graph, with their strengths. */
function findLoras(wiring: Wiring): Candidate[] {
  return wiring.reachable.flatMap((nodeId) => {
    const literals = wiring.literals(nodeId);
    return literals.flatMap((literal) => {
      const slot = loraInput.exec(literal.input);
      if (slot === null) return [];
      // Power Lora Loader keeps name, strength and switch in one object.
      if (isRecord(literal.value) && "lora" in literal.value) return [candidate("lora", "lora", literal)];
      if (typeof literal.value !== "string" || none.test(literal.value)) return [];
      const strengths = literals.filter((other) => {
        const own = loraStrength.exec(other.input);
        return own !== null && own[1] === slot[1] && typeof other.value === "number";
      });
      return [
        candidate("lora", "lora", literal),
        ...strengths.map((strength) => candidate("lora_strength", "lora_strength", strength, `lora_strength ${nodeId} ${slot[1] ?? ""}`)),
      ];
    });
  });
}

/** How much a control picture or a reference counts. */
function findStrengths(wiring: Wiring): Candidate[] {
  return wiring.reachable.flatMap((nodeId) => {
    const literals = wiring.literals(nodeId);
    const steered = wiring.links(nodeId).some((link) => steering.test(link.input));
    if (!steered || literals.some((literal) => loraInput.test(literal.input))) return [];
    return literals
      .filter((literal) => steeringStrength.test(literal.input) && typeof literal.value === "number")
      .map((literal) => candidate("strength", "strength", literal));
  });
}

export function findModels(wiring: Wiring): Candidate[] {
  return [...findModel(wiring), ...findLoras(wiring), ...findStrengths(wiring)];
}

/**
 * In a graph that generates nothing, only changes pictures: the amounts of the effects (floats), and the one model
 * that works on the picture.
 */
export function findEffects(wiring: Wiring): Candidate[] {
  const amounts = wiring.reachable.flatMap((nodeId) => {
    if (!wiring.links(nodeId).some((link) => /^(?:image|images|pixels|video|audio|mask|image_target)\d*$/i.test(link.input))) return [];
    return wiring.literals(nodeId).filter((literal) => {
      const spec = wiring.specOf(literal);
      if (spec !== undefined) return spec.kind === "float" && typeof literal.value === "number";
      return typeof literal.value === "number" && !Number.isInteger(literal.value);
    });
  });
  const models = wiring.reachable.flatMap((nodeId) =>
    wiring.literals(nodeId).filter((literal) => literal.input === "model_name" && typeof literal.value === "string"),
  );
  return [
    ...amounts.map((literal) => candidate("amount", literal.input, literal)),
    ...(models.length === 1 ? models.map((literal) => candidate("model", "model", literal)) : []),
  ];
}
