import { drawLatent } from "../drawing/picture.ts";
import { encodePng } from "../drawing/png.ts";
import { choice, float, integer, socket, values, type NodeDefinition, type NodeResult } from "../node-definition.ts";
import type { NodeInputs } from "../node-inputs.ts";
import type { NodeRun, PreviewImage } from "../node-run.ts";
import type { Latent, Value } from "../values.ts";

const samplers = [
  "euler", "euler_cfg_pp", "euler_ancestral", "euler_ancestral_cfg_pp", "heun", "heunpp2", "dpm_2", "dpm_2_ancestral", "lms", "dpm_fast",
  "dpm_adaptive", "dpmpp_2s_ancestral", "dpmpp_2s_ancestral_cfg_pp", "dpmpp_sde", "dpmpp_sde_gpu", "dpmpp_2m", "dpmpp_2m_cfg_pp",
  "dpmpp_2m_sde", "dpmpp_2m_sde_gpu", "dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu", "dpmpp_3m_sde", "dpmpp_3m_sde_gpu", "ddpm", "lcm",
  "ipndm", "ipndm_v", "deis", "res_multistep", "res_multistep_cfg_pp", "res_multistep_ancestral", "res_multistep_ancestral_cfg_pp",
  "gradient_estimation", "gradient_estimation_cfg_pp", "er_sde", "seeds_2", "seeds_3", "sa_solver", "sa_solver_pece", "ddim", "uni_pc",
  "uni_pc_bh2",
];
const schedulers = [
  "simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal", "linear_quadratic", "kl_optimal",
];
const seed = { default: 0, min: 0, max: 18446744073709551615n, control_after_generate: true };
const steps = { default: 20, min: 1, max: 10000 };
const cfg = { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 };
const latentBatch = { default: 1, min: 1, max: 4096 };

/** Of the long side of a preview: it is sent once a step. */
const previewPixels = 96;

function latentValue(latent: Latent): Value {
  return { kind: "latent", latent };
}

async function preview(latent: Latent): Promise<PreviewImage> {
  const shrink = Math.min(1, previewPixels / Math.max(latent.width, latent.height));
  const size = (pixels: number): number => Math.max(1, Math.round(pixels * shrink));
  const [raster] = drawLatent({ ...latent, width: size(latent.width), height: size(latent.height), batch: 1, text: "" });
  return { format: "png", bytes: raster === undefined ? Buffer.alloc(0) : await encodePng(raster) };
}

async function sample(input: NodeInputs, run: NodeRun, params: { readonly seed: bigint; readonly steps: number }): Promise<NodeResult> {
  const latent = { ...input.latent("latent_image"), text: input.conditioning("positive"), seed: params.seed };
  input.model("model");
  input.conditioning("negative");
  const image = run.wantsPreviews ? await preview(latent) : undefined;
  for (let step = 1; step <= params.steps; step += 1) await run.progress(step, params.steps, image);
  return values(latentValue(latent));
}

function emptyLatent(input: NodeInputs): NodeResult {
  const size = { width: input.int("width"), height: input.int("height"), batch: input.int("batch_size") };
  return values(latentValue({ ...size, text: "", seed: null, pixels: null }));
}

export const samplingNodes: readonly NodeDefinition[] = [
  {
    name: "KSampler",
    displayName: "KSampler",
    category: "sampling",
    module: "nodes",
    style: "v1",
    required: [
      socket("model", "MODEL", { tooltip: "The model used for denoising the input latent." }),
      integer("seed", { ...seed, tooltip: "The random seed used for creating the noise." }),
      integer("steps", steps),
      float("cfg", cfg),
      choice("sampler_name", samplers, { tooltip: "The sampling algorithm." }),
      choice("scheduler", schedulers, { tooltip: "How noise is removed over the steps." }),
      socket("positive", "CONDITIONING", { tooltip: "What to include." }),
      socket("negative", "CONDITIONING", { tooltip: "What to exclude." }),
      socket("latent_image", "LATENT", { tooltip: "The latent image to denoise." }),
      float("denoise", { default: 1, min: 0, max: 1, step: 0.01 }),
    ],
    outputs: [{ type: "LATENT", tooltip: "The denoised latent." }],
    run: (input, run) => sample(input, run, { seed: input.bigint("seed"), steps: input.int("steps") }),
  },
  {
    name: "KSamplerAdvanced",
    displayName: "KSampler (Advanced)",
    category: "sampling",
    module: "nodes",
    style: "v1",
    required: [
      socket("model", "MODEL"),
      choice("add_noise", ["enable", "disable"]),
      integer("noise_seed", seed),
      integer("steps", steps),
      float("cfg", cfg),
      choice("sampler_name", samplers),
      choice("scheduler", schedulers),
      socket("positive", "CONDITIONING"),
      socket("negative", "CONDITIONING"),
      socket("latent_image", "LATENT"),
      integer("start_at_step", { default: 0, min: 0, max: 10000 }),
      integer("end_at_step", { default: 10000, min: 0, max: 10000 }),
      choice("return_with_leftover_noise", ["disable", "enable"]),
    ],
    outputs: [{ type: "LATENT" }],
    run: (input, run) => {
      const taken = Math.min(input.int("steps"), input.int("end_at_step")) - input.int("start_at_step");
      return sample(input, run, { seed: input.bigint("noise_seed"), steps: Math.max(0, taken) });
    },
  },
  {
    name: "EmptyLatentImage",
    displayName: "Empty Latent Image",
    category: "latent",
    module: "nodes",
    style: "v1",
    required: [
      integer("width", { default: 512, min: 16, max: 16384, step: 8 }),
      integer("height", { default: 512, min: 16, max: 16384, step: 8 }),
      integer("batch_size", latentBatch),
    ],
    outputs: [{ type: "LATENT", tooltip: "The empty latent image batch." }],
    run: emptyLatent,
  },
  {
    name: "EmptySD3LatentImage",
    displayName: null,
    category: "latent/sd3",
    module: "comfy_extras.nodes_sd3",
    style: "v3",
    required: [
      integer("width", { default: 1024, min: 16, max: 16384, step: 16 }),
      integer("height", { default: 1024, min: 16, max: 16384, step: 16 }),
      integer("batch_size", latentBatch),
    ],
    outputs: [{ type: "LATENT" }],
    run: emptyLatent,
  },
  {
    name: "VAEDecode",
    displayName: "VAE Decode",
    category: "latent",
    module: "nodes",
    style: "v1",
    required: [socket("samples", "LATENT", { tooltip: "The latent to be decoded." }), socket("vae", "VAE", { tooltip: "The autoencoder." })],
    outputs: [{ type: "IMAGE", tooltip: "The decoded image." }],
    run: (input) => {
      input.model("vae");
      return values({ kind: "image", frames: drawLatent(input.latent("samples")) });
    },
  },
  {
    name: "VAEEncode",
    displayName: "VAE Encode",
    category: "latent",
    module: "nodes",
    style: "v1",
    required: [socket("pixels", "IMAGE"), socket("vae", "VAE")],
    outputs: [{ type: "LATENT" }],
    run: (input) => {
      input.model("vae");
      return values(latentValue(encodedLatent(input, "pixels")));
    },
  },
];

/** The latent of a picture: its size rounded down to whole cells of 8 pixels. */
export function encodedLatent(input: NodeInputs, name: string): Latent {
  const pixels = input.images(name);
  const cell = (size: number): number => Math.max(8, size - (size % 8));
  return { width: cell(pixels[0]?.width ?? 8), height: cell(pixels[0]?.height ?? 8), batch: pixels.length, text: "", seed: null, pixels };
}
