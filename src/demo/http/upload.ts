import { Readable } from "node:stream";
import path from "node:path/posix";
import { Busboy } from "@fastify/busboy";
import { parseJson } from "../../json/exact.ts";
import { annotatedName, isFolderType, pathBelow, type FileTree, type FolderType } from "../file-tree.ts";
import { isObject } from "../json-shape.ts";
import { toPythonString } from "../python-conversion.ts";
import type { ServerLife } from "../server-life.ts";
import { empty, ImitatedTrouble, json, type Answer } from "./answer.ts";
import type { Request } from "./request.ts";

interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly image: { readonly filename: string; readonly bytes: Buffer } | null;
}

async function readForm(request: Request): Promise<Form> {
  const contentType = request.headers["content-type"] ?? "";
  if (!contentType.startsWith("multipart/form-data")) return { fields: new Map(), image: null };
  const fields = new Map<string, string>();
  const files: Promise<Form["image"]>[] = [];
  await new Promise<void>((resolve, reject) => {
    const parser = new Busboy({ headers: { "content-type": contentType }, preservePath: true });
    parser.on("field", (name, value) => fields.set(name, value));
    parser.on("file", (name, stream, filename) => {
      const bytes = stream.toArray().then((chunks) => Buffer.concat(chunks.filter((chunk) => Buffer.isBuffer(chunk))));
      if (name === "image") files.push(bytes.then((content) => ({ filename, bytes: content })));
    });
    parser.on("error", reject);
    parser.on("finish", resolve);
    Readable.from([request.body]).pipe(parser);
  }).catch((error: unknown) => {
    throw new ImitatedTrouble(String(error));
  });
  return { fields, image: (await Promise.all(files)).at(-1) ?? null };
}

/** A name that is free, or the one under which the same bytes lie already: `a.png`, `a (1).png`, … */
function freeName(
  files: FileTree,
  { type, subfolder, filename, bytes }: { readonly type: FolderType; readonly subfolder: string; readonly filename: string; readonly bytes: Uint8Array },
): { readonly name: string; readonly taken: boolean } {
  const extension = path.extname(filename);
  const stem = filename.slice(0, filename.length - extension.length);
  for (let number = 0; ; number += 1) {
    const name = number === 0 ? filename : `${stem} (${number})${extension}`;
    const there = files.read(type, pathBelow(subfolder, name) ?? name);
    if (there === undefined) return { name, taken: false };
    if (Buffer.compare(there.bytes, bytes) === 0) return { name, taken: true };
  }
}

function upload(form: Form, life: ServerLife, write: (filePath: string, type: FolderType, bytes: Buffer) => void): Answer {
  const { files } = life.params;
  const type = form.fields.get("type") ?? "input";
  if (!isFolderType(type)) throw new ImitatedTrouble("unknown folder type");
  if (form.image === null && form.fields.has("image")) throw new ImitatedTrouble("image is no file");
  if (form.image === null) return empty(400);
  const { filename, bytes } = form.image;
  if (filename === "") throw new ImitatedTrouble("no file name");
  const subfolder = form.fields.get("subfolder") ?? "";
  if (pathBelow(subfolder, filename) === null) return empty(400);
  // A slash in the name reaches into a folder, but makes none.
  if (filename.includes("/") && !files.hasFolder(type, path.join(subfolder, path.dirname(filename)))) throw new ImitatedTrouble("no such folder");

  const overwrite = ["true", "1"].includes(form.fields.get("overwrite") ?? "");
  const { name, taken } = overwrite ? { name: filename, taken: false } : freeName(files, { type, subfolder, filename, bytes });
  if (!taken) write(pathBelow(subfolder, name) ?? name, type, bytes);
  return json({ name, subfolder, type });
}

/** POST /upload/image (comfyui-protocol.md §1.5). */
export async function uploadImage(request: Request, life: ServerLife): Promise<Answer> {
  return upload(await readForm(request), life, (filePath, type, bytes) => life.params.files.write(type, filePath, bytes));
}

/** POST /upload/mask: the stand-in stores the uploaded picture as it is, and nothing when the original is not there. */
export async function uploadMask(request: Request, life: ServerLife): Promise<Answer> {
  const form = await readForm(request);
  const { files } = life.params;
  const reference = form.fields.get("original_ref");
  const parsed = reference === undefined ? undefined : parsedReference(reference);
  if (!isObject(parsed) || typeof parsed["filename"] !== "string") throw new ImitatedTrouble("original_ref cannot be read");
  const { name, type: annotated } = annotatedName(parsed["filename"]);
  const type = annotated ?? toPythonString(parsed["type"] ?? "output");
  const original = pathBelow(toPythonString(parsed["subfolder"] ?? ""), name);
  const exists = original !== null && isFolderType(type) && files.read(type, original) !== undefined;
  return upload(form, life, (filePath, folder, bytes) => {
    if (exists) files.write(folder, filePath, bytes);
  });
}

function parsedReference(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new ImitatedTrouble(error.message);
    throw error;
  }
}
