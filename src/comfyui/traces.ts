import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parsePythonJson } from "../json/exact.ts";
import { anyJson } from "./json-value.ts";

const folder = join(import.meta.dirname, "../../../shared/fixtures/comfyui/traces");

/** For tests: whether the recorded traces of a real ComfyUI lie beside the repository. */
export const haveTraces = existsSync(folder);

const frame = z.union([
  z.object({ binary_base64: z.string(), length: z.number(), truncated: z.boolean() }),
  z.looseObject({ type: z.string() }),
]);

const traceSchema = z.looseObject({
  request: z.looseObject({ prompt: z.record(z.string(), z.unknown()), prompt_id: z.string(), client_id: z.string().optional() }),
  status: z.number(),
  response: anyJson,
  ws_owner_a: z.array(frame),
  ws_other_b: z.array(frame),
  history: z.unknown(),
});

export type Trace = z.infer<typeof traceSchema>;

/** @param name of the file, without extension */
export function readTrace(name: string): Trace {
  return traceSchema.parse(parsePythonJson(readFileSync(join(folder, `${name}.json`), "utf8")));
}
