import { z } from "zod";

/**
 * What a workflow module imports as `comfyui-api/fields`: fields that the gateway treats specially. A module that
 * imports only `zod` gets the same from `.meta({ "x-file": "image" })` and from a field named `seed`.
 */

const maxSeed = 2n ** 64n - 1n;

/**
 * A random seed from 0 to 2^64−1, ComfyUI's whole range. It may be left out: then one is drawn, and the job's
 * `inputs` tell which.
 */
export function seed() {
  const error = `Must be a whole number from 0 to ${maxSeed}`;
  return z
    .union([z.int({ error }).min(0, { error }), z.bigint({ error }).min(0n, { error }).max(maxSeed, { error })], { error })
    .optional()
    .meta({ description: "Random seed. The same inputs with the same seed give the same result. Drawn when left out.", "x-seed": true });
}

const accepted =
  "Send it as a multipart part, or as a string: an https: URL, a data: URI, plain base64, file:{id} of an uploaded file, " +
  "or job:{id}#{n} for an output of an earlier job.";

/** An image: `generateWorkflow` gets the name to give to a LoadImage node. */
export function imageFile() {
  return z.string().min(1).meta({ description: `An image. ${accepted}`, "x-file": "image" });
}

/** A video: `generateWorkflow` gets the name to give to a LoadVideo node. */
export function videoFile() {
  return z.string().min(1).meta({ description: `A video. ${accepted}`, "x-file": "video" });
}

/** Sound: `generateWorkflow` gets the name to give to a LoadAudio node. */
export function audioFile() {
  return z.string().min(1).meta({ description: `An audio file. ${accepted}`, "x-file": "audio" });
}

/** A file of any kind: `generateWorkflow` gets the name it has below ComfyUI's input folder. */
export function anyFile() {
  return z.string().min(1).meta({ description: `A file of any kind. ${accepted}`, "x-file": "file" });
}
