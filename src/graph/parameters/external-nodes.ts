import type { Candidate } from "./candidate.ts";
import type { ParameterType } from "./parameter.ts";
import { slug } from "./parameter-name.ts";
import type { NodeInput, Wiring } from "./wiring.ts";

/** Nodes of a pack whose only purpose is to declare an input from outside. */
interface ExternalFamily {
  readonly classes: RegExp;
  /** The inputs that may hold its name, the first that has one; none: its title is the name. */
  readonly named: readonly string[];
  /** The inputs that may hold its value, the first that is there; none: its only literal. */
  readonly values: readonly string[];
  readonly described: readonly string[];
  readonly type?: ParameterType;
}

const families: readonly ExternalFamily[] = [
  // Comfy Deploy: files replace the id itself, plain values the default.
  { classes: /^Comfy(?:UI)?DeployExternalImage(?:Alpha)?$/, named: ["input_id"], values: ["input_id"], described: ["description", "display_name"], type: "image" },
  { classes: /^ComfyUIDeployExternalVid(?:eo)?$/, named: ["input_id"], values: ["input_id"], described: ["description", "display_name"], type: "video" },
  { classes: /^ComfyUIDeployExternalAudio$/, named: ["input_id"], values: ["input_id"], described: ["description", "display_name"], type: "audio" },
  { classes: /^ComfyUIDeployExternal(?:EXR|File|FaceModel)$/, named: ["input_id"], values: ["input_id"], described: ["description", "display_name"], type: "file" },
  {
    classes: /^Comfy(?:UI)?DeployExternal\w+$/, named: ["input_id"],
    values: ["default_value", "default_lora_name", "default_checkpoint_name", "images"], described: ["description", "display_name"],
  },
  { classes: /^SwarmInput(?!Group)\w+$/, named: ["raw_id", "title"], values: ["value"], described: ["description"] },
  { classes: /^ETN_Parameter$/, named: ["name"], values: ["default"], described: [] },
  // Krita's: the whole file as base64.
  { classes: /^ETN_Load(?:Image|Mask)Base64$/, named: [], values: ["image", "mask"], described: [], type: "string" },
  { classes: /^CPackInput\w+$/, named: [], values: ["value", "image", "file_path", "file"], described: [] },
  // hiddenswitch's: names, titles and descriptions of OpenAPI.
  { classes: /^(?:String|Int|Float|Boolean|Image|Video|Audio|StringEnum)RequestParameter$/, named: ["name", "title"], values: ["value"], described: ["description"] },
  { classes: /^ServingInput\w+$/, named: ["argument"], values: ["default", "value"], described: [] },
];

function textOf(literals: readonly NodeInput[], inputs: readonly string[]): string | undefined {
  const found = inputs.flatMap((input) => literals.filter((literal) => literal.input === input)).find((literal) => typeof literal.value === "string" && literal.value !== "");
  return typeof found?.value === "string" ? found.value : undefined;
}

/** The external-input nodes of Comfy Deploy, SwarmUI, Krita's tooling nodes, comfy-pack, hiddenswitch's ComfyUI and the Serving Toolkit. */
export function findExternalNodes(wiring: Wiring): Candidate[] {
  return Object.entries(wiring.graph).flatMap(([nodeId, node]) => {
    const family = families.find((candidate) => candidate.classes.test(node.class_type));
    if (family === undefined) return [];
    const literals = wiring.literals(nodeId);
    const value = family.values.flatMap((input) => literals.filter((literal) => literal.input === input))[0] ?? (literals.length === 1 ? literals[0] : undefined);
    if (value === undefined) return [];
    const own = textOf(literals, family.named) ?? (node._meta?.title === wiring.classOf(nodeId)?.displayName ? undefined : node._meta?.title);
    const name = slug(own ?? node.class_type) ?? slug(value.input) ?? "input";
    const candidate: Candidate = {
      role: "other", source: "external_node", name, weakName: own === undefined || own === node.class_type, target: { nodeId, input: value.input }, description: textOf(literals, family.described), type: family.type,
    };
    return [candidate];
  });
}
