import { z } from "zod";

/** Samplers of ComfyUI 0.3.64 that suit flow models such as Qwen-Image and FLUX; later versions have them too. */
const samplers = [
  "euler", "euler_ancestral", "heun", "dpm_2", "dpm_2_ancestral", "lms", "dpmpp_2s_ancestral", "dpmpp_2m", "dpmpp_2m_sde",
  "dpmpp_3m_sde", "lcm", "ipndm", "deis", "res_multistep", "gradient_estimation", "er_sde", "ddim", "uni_pc", "uni_pc_bh2",
] as const;

const schedulers = [
  "simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal", "linear_quadratic", "kl_optimal",
] as const;

export const samplerName = z.enum(samplers).describe("The method that removes the noise step by step.");

export const scheduler = z.enum(schedulers).describe("How the noise is spread over the steps.");

export const steps = z
  .number()
  .int()
  .min(1)
  .max(100)
  .describe("Sampling steps. More take longer, in proportion, and add detail up to a point.");
