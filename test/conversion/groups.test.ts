import { describe, expect, it } from "vitest";
import { convert, inputsOf, node } from "./gui-export.ts";

/** A prompt and a sampler as one node; the older way lists no sockets of widgets, the newer lists them all. */
function group(everySocket: boolean) {
  const widgets = (names: string[]) => (everySocket ? names.map((name) => `${name} (widget): INT`) : []);
  const inner = (index: number, type: string, parts: Parameters<typeof node>[2]) => ({ ...node(index, type, parts), id: undefined, index });
  return {
    nodes: [
      inner(0, "Reroute", { in: [": *"], out: ["*"] }),
      inner(1, "CLIPTextEncode", { values: ["inner text"], in: ["clip: CLIP", ...widgets(["text"])], out: ["CONDITIONING"] }),
      inner(2, "KSampler", { values: [1, "fixed", 2, 3, "euler", "normal", 1], in: ["model: MODEL", "positive: CONDITIONING", "negative: CONDITIONING", "latent_image: LATENT", ...widgets(["seed", "steps"])], out: ["LATENT"] }),
    ],
    links: [[null, 1, 0, 0, 4, "CLIP"], [0, 0, 1, 0, 5, "CLIP"], [1, 0, 2, 1, 6, "CONDITIONING"], [1, 0, 2, 2, 6, "CONDITIONING"]],
    external: [],
    config: { 2: { output: { 0: { visible: true } }, input: { denoise: { visible: false } } } },
  };
}

describe("a group node", () => {
  it.each([["an old", "workflow/Draw", false], ["a new", "workflow>Draw", true]])("of %s file unfolds with the values that the instance holds", (_, type, everySocket) => {
    const conversion = convert({
      extra: { groupNodes: { Draw: group(everySocket) } },
      nodes: [
        node(1, "CheckpointLoaderSimple", { values: ["m.safetensors"], out: ["MODEL", "CLIP", "VAE"] }),
        node(2, "EmptyLatentImage", { values: [64, 64, 1], out: ["LATENT"] }),
        node(37, type, { values: ["a cat", 42, "randomize", 20, 8, "dpmpp_2m", "karras", 0.5], in: ["clip: CLIP <- 1", "model: MODEL <- 2", "latent_image: LATENT <- 3"], out: ["LATENT"] }),
        node(4, "VAEDecode", { in: ["samples: LATENT <- 4", "vae: VAE <- 5"], out: ["IMAGE"] }),
      ],
      links: [[1, 1, 1, 37, 0, "CLIP"], [2, 1, 0, 37, 1, "MODEL"], [3, 2, 0, 37, 2, "LATENT"], [4, 37, 0, 4, 0, "LATENT"], [5, 1, 2, 4, 1, "VAE"]],
    });
    expect(inputsOf(conversion)).toMatchObject({
      "37:1": { text: "a cat", clip: ["1", 1] },
      "37:2": {
        seed: 42, steps: 20, cfg: 8, sampler_name: "dpmpp_2m", scheduler: "karras", denoise: 0.5,
        model: ["1", 0], positive: ["37:1", 0], negative: ["37:1", 0], latent_image: ["2", 0],
      },
      "4": { samples: ["37:2", 0] },
    });
    expect(conversion.report.exact).toBe(true);
  });

  it("lets a widget of it that was made a socket be linked", () => {
    const conversion = convert({
      extra: { groupNodes: { Draw: group(false) } },
      nodes: [
        node(1, "PrimitiveNode", { values: ["a dog"], out: ["STRING"] }),
        node(37, "workflow>Draw", { values: ["a cat", 42, "randomize", 20, 8, "dpmpp_2m", "karras", 0.5], in: ["clip: CLIP", "text (widget): STRING <- 1"], out: ["LATENT"] }),
      ],
      links: [[1, 1, 0, 37, 1, "STRING"]],
    });
    expect(inputsOf(conversion)).toMatchObject({ "37:1": { text: "a dog" }, "37:2": { seed: 42 } });
  });

  it("that the export does not define is named", () => {
    const conversion = convert({ nodes: [node(37, "workflow>Gone", { out: ["LATENT"] }), node(4, "VAEDecode", { in: ["samples: LATENT <- 1"] })], links: [[1, 37, 0, 4, 0, "LATENT"]] });
    expect(conversion.report.problems).toMatchObject([{ kind: "missing_class", nodeId: "37" }]);
  });
});
