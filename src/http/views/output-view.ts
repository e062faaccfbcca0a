import { z } from "@hono/zod-openapi";
import type { LinkSigner } from "../../access/link-signer.ts";
import { outputKinds, type JobOutput } from "../../job/job.ts";
import { jobPath } from "./paths.ts";

export const OutputSchema = z
  .object({
    index: z.number().int(),
    node_id: z.string(),
    kind: z.enum(outputKinds),
    filename: z.string(),
    content_type: z.string(),
    size: z.number().int().openapi({ description: "Bytes" }),
    sha256: z.string(),
    url: z.string(),
    signed_url: z.string().optional().openapi({ description: "Where the gateway has API keys: the same without one, for a while" }),
    text: z.string().optional().openapi({ description: "The text itself, of an output that is a text and not a file" }),
    data: z.string().optional().openapi({ description: "The bytes in base64, with `outputs=inline`" }),
  })
  .openapi("Output");

export type OutputView = z.infer<typeof OutputSchema>;

export const OutputPageSchema = z
  .object({
    outputs: z.array(z.object({ job_id: z.string(), ...OutputSchema.shape }).openapi("OutputOfJob")),
    next_cursor: z.string().nullable(),
  })
  .openapi("OutputPage");

export function viewOutput(jobId: string, output: JobOutput, links: LinkSigner | null = null): OutputView {
  const url = `${jobPath(jobId)}/outputs/${output.index}`;
  return {
    index: output.index,
    node_id: output.nodeId,
    kind: output.kind,
    filename: output.filename,
    content_type: output.contentType,
    size: output.size,
    sha256: output.sha256,
    url,
    ...(links === null ? {} : { signed_url: links.sign(url) }),
    ...(output.text === undefined ? {} : { text: output.text }),
  };
}
