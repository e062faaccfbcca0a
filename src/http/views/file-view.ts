import { z } from "@hono/zod-openapi";
import type { StoredFile } from "../../files/file-store.ts";

export const FileSchema = z
  .object({
    id: z.string().openapi({ description: "SHA-256 of the content: the same bytes are the same file" }),
    size: z.number().int().openapi({ description: "Bytes" }),
    content_type: z.string().openapi({ description: "As found in the content, whatever was claimed" }),
    url: z.string(),
    reference: z.string().openapi({ description: "What a file input of a workflow takes", example: "file:9f86d081…" }),
  })
  .openapi("File");

export function viewFile(file: StoredFile): z.infer<typeof FileSchema> {
  return { id: file.id, size: file.size, content_type: file.contentType, url: `/v1/files/${file.id}`, reference: `file:${file.id}` };
}
