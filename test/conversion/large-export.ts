/**
 * A GUI export of `count` nodes: rows of a loader, two prompts, a latent, a sampler, a decoder and a saver, each row
 * behind a chain of reroutes and fed by the row before.
 */
export function largeExport(count: number): object {
  const nodes: object[] = [];
  const links: unknown[] = [];
  const add = (type: string, values: unknown[], inputs: (readonly [string, string, number, number] | readonly [string, string])[], outputs: string[]) => {
    const id = nodes.length + 1;
    const slots = inputs.map(([name, slotType, origin, originSlot], slot) => {
      if (origin === undefined) return { name, type: slotType, link: null };
      links.push([links.length + 1, origin, originSlot, id, slot, slotType]);
      return { name, type: slotType, link: links.length };
    });
    nodes.push({ id, type, mode: 0, inputs: slots, outputs: outputs.map((name) => ({ name, type: name, links: [] })), widgets_values: values, properties: {} });
    return id;
  };
  const loader = add("CheckpointLoaderSimple", ["model.safetensors"], [], ["MODEL", "CLIP", "VAE"]);
  let model: readonly [number, number] = [loader, 0];
  while (nodes.length < count) {
    model = [add("Reroute", [], [["", "*", ...model]], ["*"]), 0];
    const positive = add("CLIPTextEncode", [`prompt ${nodes.length}`], [["clip", "CLIP", loader, 1]], ["CONDITIONING"]);
    const negative = add("CLIPTextEncode", [""], [["clip", "CLIP", loader, 1]], ["CONDITIONING"]);
    const latent = add("EmptyLatentImage", [512, 512, 1], [], ["LATENT"]);
    const sampler = add(
      "KSampler",
      [1, "randomize", 20, 8, "euler", "normal", 1],
      [["model", "MODEL", ...model], ["positive", "CONDITIONING", positive, 0], ["negative", "CONDITIONING", negative, 0], ["latent_image", "LATENT", latent, 0]],
      ["LATENT"],
    );
    const image = add("VAEDecode", [], [["samples", "LATENT", sampler, 0], ["vae", "VAE", loader, 2]], ["IMAGE"]);
    add("SaveImage", ["large"], [["images", "IMAGE", image, 0]], []);
  }
  return { version: 0.4, nodes, links, groups: [], extra: {} };
}
