import { z } from "@hono/zod-openapi";
import { errorTable, isErrorCode } from "../../errors/table.ts";

const errorCodes = Object.keys(errorTable).filter(isErrorCode);

const FieldErrorSchema = z.object({
  pointer: z.string().openapi({ description: "JSON pointer (RFC 6901) into the body that was sent; empty for the whole body", example: "/steps" }),
  message: z.string(),
  node_id: z.string().optional().openapi({ description: "The node of the graph at fault" }),
  class_type: z.string().optional(),
});

export const fieldErrors = z.array(FieldErrorSchema);

export const errorCode = z.enum(errorCodes);

export const ProblemSchema = z
  .object({
    type: z.string().openapi({ example: "urn:comfyui-api:error:invalid_input" }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().openapi({ description: "What happened and what to do" }),
    instance: z.string().openapi({ description: "Path of the request or of the job that met the error" }),
    code: errorCode,
    errors: fieldErrors.optional(),
  })
  .openapi("Problem", { description: "An error (RFC 9457)" });
