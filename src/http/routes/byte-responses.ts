import { z, type RouteConfig } from "@hono/zod-openapi";
import { BinarySchema } from "../views/binary.ts";

export const rangeHeaderParams = z.object({
  Range: z.string().optional().openapi({ description: "One range of bytes", example: "bytes=0-1023" }),
  "If-None-Match": z.string().optional(),
  "If-Range": z.string().optional(),
});

const headers = z.object({ ETag: z.string(), "Content-Disposition": z.string(), "Accept-Ranges": z.string() });

/** What a file is answered with; its own type is the content type. */
export const byteResponses: RouteConfig["responses"] = {
  200: { description: "The bytes", headers, content: { "*/*": { schema: BinarySchema } } },
  206: { description: "The bytes of the range", headers: headers.extend({ "Content-Range": z.string() }), content: { "*/*": { schema: BinarySchema } } },
  304: { description: "The caller has these bytes already" },
};
