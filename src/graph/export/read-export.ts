import { AppError } from "../../errors/app-error.ts";
import type { JsonObject } from "../../json/exact.ts";
import { type Graph, parseGraph } from "../graph.ts";
import { isFlac, isMp3, isOgg, readFlac, readMp3, readOgg } from "./audio.ts";
import { findInEnvelope, type Found } from "./envelope.ts";
import { decodeText, parseExportJson } from "./json-text.ts";
import { isMatroska, readMatroska } from "./matroska.ts";
import { maxMetadataBytes, type MetadataText } from "./metadata-text.ts";
import { isMp4, readMp4 } from "./mp4.ts";
import { isPng, readPng } from "./png.ts";
import { isJpeg, isWebp, readJpeg, readWebp } from "./still-image.ts";

/** What a file saved from ComfyUI holds. A file with both formats is of kind `api`: its graph is what was run. */
export type ExportFile =
  | {
      readonly kind: "api";
      readonly graph: Graph;
      /** The same workflow in GUI format, when the file has it too. Authors may have edited it after the run. */
      readonly gui: JsonObject | undefined;
      readonly notes: readonly string[];
    }
  | {
      readonly kind: "gui";
      readonly workflow: JsonObject;
      /** What in the file could not be used, for people: the damaged half of a pair of formats. */
      readonly notes: readonly string[];
    };

interface Container {
  readonly name: string;
  readonly is: (bytes: Uint8Array) => boolean;
  readonly read: (bytes: Uint8Array) => MetadataText[];
}

/** In this order: a FLAC may begin with the tag that every MP3 has. */
const containers: readonly Container[] = [
  { name: "PNG", is: isPng, read: readPng },
  { name: "WebP", is: isWebp, read: readWebp },
  { name: "JPEG", is: isJpeg, read: readJpeg },
  { name: "FLAC", is: isFlac, read: readFlac },
  { name: "Ogg", is: isOgg, read: readOgg },
  { name: "MP3", is: isMp3, read: readMp3 },
  { name: "MP4", is: isMp4, read: readMp4 },
  { name: "WebM", is: isMatroska, read: readMatroska },
];

/** `undefined` with a note when `text` inside a document turns out to be no JSON: then it is only text. */
function lenientJson(text: string, where: string, notes: string[]): unknown {
  try {
    return parseExportJson(text, where);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    notes.push(error.detail);
    return undefined;
  }
}

/** ComfyUI's own names first: `prompt` is the graph that made the file. */
function rank(text: MetadataText): number {
  const place = ["prompt", "workflow"].indexOf(text.key.toLowerCase());
  return place === -1 ? 2 : place;
}

function findInMetadata(texts: readonly MetadataText[], notes: string[]): Found {
  let found: Found = { graph: undefined, gui: undefined };
  for (const { key, text } of texts.toSorted((a, b) => rank(a) - rank(b))) {
    if (!/^\s*[{"[]/.test(text) || (found.graph !== undefined && found.gui !== undefined)) continue;
    const where = `The metadata “${key.slice(0, 40)}”`;
    const document = lenientJson(text, where, notes);
    const inner = findInEnvelope(document, (innerText) => lenientJson(innerText, where, notes));
    found = { graph: found.graph ?? inner.graph, gui: found.gui ?? inner.gui };
  }
  return found;
}

function checkedGraph(value: unknown, notes: string[], required: boolean): Graph | undefined {
  try {
    return parseGraph(value);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const at = error.errors[0]?.pointer ?? "";
    const detail = `The graph in API format is damaged at ${at === "" ? "its top" : at}: ${error.detail}`;
    if (required) throw new AppError("invalid_export", detail, { cause: error, errors: error.errors });
    notes.push(detail);
    return undefined;
  }
}

function result(found: Found, notes: string[], nothing: string): ExportFile {
  const graph = found.graph === undefined ? undefined : checkedGraph(found.graph, notes, found.gui === undefined);
  if (graph !== undefined) return { kind: "api", graph, gui: found.gui, notes };
  if (found.gui !== undefined) return { kind: "gui", workflow: found.gui, notes };
  throw new AppError("invalid_export", [nothing, ...notes].join(" "));
}

function readJsonFile(bytes: Uint8Array): ExportFile {
  if (bytes.length > maxMetadataBytes) throw new AppError("invalid_export", "The file is larger than 64 MB. No ComfyUI export is.");
  const text = decodeText(bytes);
  if (text === undefined || !/^[\s\uFEFF]*[{"[]/.test(text)) {
    const known = containers.map((container) => container.name).join(", ");
    throw new AppError("invalid_export", `The file is neither JSON nor a format that ComfyUI writes workflows into (${known}).`);
  }
  const document = parseExportJson(text, "The file");
  const notes: string[] = [];
  // Plain text that only looks like JSON is no fault of an envelope, so its notes are not kept.
  const found = findInEnvelope(document, (inner) => lenientJson(inner, "The file", []));
  const nothing =
    "The file holds no ComfyUI workflow: neither nodes with a class_type (Export (API)) nor a list of nodes (Save), also not within other members.";
  return result(found, notes, nothing);
}

/**
 * Reads a file saved from ComfyUI: JSON in GUI or API format, also inside an envelope, or the metadata of a PNG, WebP,
 * JPEG, FLAC, Opus, MP3, MP4, MOV, WebM or MKV. Decides by content, never by name.
 *
 * @throws {AppError} `invalid_export`: what was found instead and what to do
 */
export function readExport(bytes: Uint8Array): ExportFile {
  const container = containers.find((candidate) => candidate.is(bytes));
  if (container === undefined) return readJsonFile(bytes);
  const notes: string[] = [];
  const texts = container.read(bytes);
  const nothing =
    `The ${container.name} file carries no ComfyUI workflow. ComfyUI was told not to save it, or an editor or a web site took it out: ` +
    "use the original file, or save the workflow as JSON.";
  return result(findInMetadata(texts, notes), notes, nothing);
}
