import path from "node:path/posix";
import { decodePng, encodePng } from "../drawing/png.ts";
import { encodeWebp } from "../drawing/webp.ts";
import { annotatedName, isFolderType, pathBelow, type StoredFile } from "../file-tree.ts";
import type { ServerLife } from "../server-life.ts";
import { empty, ImitatedTrouble, type Answer } from "./answer.ts";
import type { Request } from "./request.ts";

const contentTypes: Readonly<Record<string, string>> = {
  png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", webp: "image/webp", gif: "image/gif", svg: "image/svg+xml", mp4: "video/mp4",
  webm: "video/webm", mp3: "audio/mpeg", flac: "audio/x-flac", wav: "audio/x-wav", opus: "audio/ogg", json: "application/json",
  txt: "text/plain", glb: "model/gltf-binary",
};

function contentType(filename: string, next: boolean): string {
  const extension = path.extname(filename).slice(1).toLowerCase();
  // Pages, scripts and styles are left out of the list: the real server sends them as bytes, so that no browser runs them.
  if (next && (extension === "svg" || extension === "xml")) return "application/octet-stream";
  return contentTypes[extension] ?? "application/octet-stream";
}

/** GET /view (comfyui-protocol.md §1.5). */
export async function viewFile(request: Request, life: ServerLife): Promise<Answer> {
  const given = request.query.get("filename");
  if (given === null) return empty(404);
  const { name, type: annotated } = annotatedName(given);
  if (name === "" || name.startsWith("/") || name.includes("..")) return empty(400);
  const type = annotated ?? request.query.get("type") ?? "output";
  if (!isFolderType(type)) return empty(400);
  const subfolder = request.query.get("subfolder") ?? "";
  const filename = path.basename(name);
  const filePath = pathBelow(subfolder, filename);
  if (filePath === null) return empty(pathBelow(subfolder, "x") === null ? 403 : 404);
  const file = life.params.files.read(type, filePath);
  if (file === undefined) return empty(404);

  const disposition = { "Content-Disposition": `filename="${filename}"` };
  if (request.query.has("preview")) {
    const image = decoded(file);
    return { status: 200, headers: { ...disposition, "Content-Type": "image/webp" }, body: [encodeWebp([image], 0)] };
  }
  if (request.query.get("channel") === "rgb") {
    return { status: 200, headers: { ...disposition, "Content-Type": "image/png" }, body: [await encodePng(decoded(file))] };
  }
  const next = life.params.dialect === "next";
  const guards: Readonly<Record<string, string>> = next
    ? { "Content-Disposition": `attachment; filename="${filename}"`, "X-Content-Type-Options": "nosniff" }
    : disposition;
  return fileAnswer(request, file, { ...guards, "Content-Type": contentType(filename, next) });
}

/** @throws {ImitatedTrouble} as the real server answers 500 when it cannot read the picture */
function decoded(file: StoredFile): NonNullable<ReturnType<typeof decodePng>>["raster"] {
  const png = decodePng(file.bytes);
  if (png === null) throw new ImitatedTrouble("cannot identify image file");
  return png.raster;
}

function fileAnswer(request: Request, file: StoredFile, headers: Readonly<Record<string, string>>): Answer {
  const etag = `"${file.tag}"`;
  const all = {
    ...headers,
    ETag: etag,
    "Last-Modified": new Date(file.modified).toUTCString(),
    "Accept-Ranges": "bytes",
  };
  if (request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag) === true) return { status: 304, headers: all, body: "" };
  const range = request.headers.range;
  if (range === undefined) return { status: 200, headers: all, body: file.parts };
  const { size } = file;
  const span = parsedRange(range, size);
  if (span === null) return { status: 416, headers: { ...headers, "Content-Range": `bytes */${size}` }, body: "" };
  return {
    status: 206,
    headers: { ...all, "Content-Range": `bytes ${span.start}-${span.end}/${size}` },
    body: [file.bytes.subarray(span.start, span.end + 1)],
  };
}

function parsedRange(range: string, size: number): { readonly start: number; readonly end: number } | null {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (first === "" && last === "") return null;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start <= end && start < size ? { start, end } : null;
}
