import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../errors/app-error.ts";
import { jsonAnswer } from "../answer.ts";
import { readUpload } from "../body/upload.ts";
import { fileAnswer } from "../bytes/file-answer.ts";
import { json, problems } from "../declared-responses.ts";
import { noQuery, readQuery } from "../query.ts";
import { pathParam, type Route } from "../route.ts";
import { BinarySchema } from "../views/binary.ts";
import { FileSchema, viewFile } from "../views/file-view.ts";
import { byteResponses, rangeHeaderParams } from "./byte-responses.ts";

export const uploadFile: Route = {
  needs: "run",
  pattern: "/v1/files",
  config: createRoute({
    method: "post",
    path: "/v1/files",
    operationId: "upload_file",
    tags: ["files"],
    summary: "Upload an input file",
    description: "As the part `file` of a form, or as the body itself. The answer's `reference` goes into a file input of a workflow.",
    request: {
      body: {
        required: true,
        content: { "multipart/form-data": { schema: z.object({ file: BinarySchema }) }, "application/octet-stream": { schema: BinarySchema } },
      },
    },
    responses: {
      200: json("The file was known already", FileSchema),
      201: json("The file is stored", FileSchema),
      ...problems("invalid_query", "invalid_multipart", "invalid_file", "payload_too_large", "unsupported_media_type", "storage_failed"),
    },
  }),
  async handle(c, deps) {
    readQuery(c, noQuery);
    const { file, isNew } = await readUpload(c.req.raw, deps);
    const view = viewFile(file);
    return isNew ? jsonAnswer(201, view, { Location: view.url }) : jsonAnswer(200, view);
  },
};

export const getFile: Route = {
  needs: "read",
  pattern: "/v1/files/:id",
  config: createRoute({
    method: "get",
    path: "/v1/files/{id}",
    operationId: "get_file",
    tags: ["files"],
    summary: "The bytes of an input file",
    request: { params: z.object({ id: z.string() }), headers: rangeHeaderParams },
    responses: { ...byteResponses, ...problems("invalid_query", "file_not_found", "range_not_satisfiable", "storage_failed") },
  }),
  async handle(c, { files }) {
    readQuery(c, noQuery);
    const file = await files.describe(pathParam(c, "id"));
    if (file === null) throw new AppError("file_not_found", "There is no file with this id. Upload it with POST /v1/files.");
    return fileAnswer(c, files, { ...file, filename: `${file.id.slice(0, 16)}.${file.extension}` });
  },
};
