import { z } from "@hono/zod-openapi";

/** Bytes, as OpenAPI writes them. */
export const BinarySchema = z.string().openapi({ format: "binary" });
