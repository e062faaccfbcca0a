import type { AppError } from "../../errors/app-error.ts";
import { jsonFault, placeInJson } from "./json-source.ts";
import { scanJson } from "./json-scan.ts";
import type { SourceProblem } from "./source-problem.ts";

function pathOf(pointer: string): readonly string[] {
  return pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** An error of reading an export, with the place in the file where there is one to tell. */
export function exportFault(file: string, bytes: Uint8Array, error: AppError): SourceProblem {
  const text = Buffer.from(bytes).toString("utf8").replace(/^\uFEFF/, "");
  if (/^\s*[[{"]/.test(text) && "fault" in scanJson(text, [])) return jsonFault(file, text);
  const [fault] = error.errors;
  const place = fault === undefined || fault.pointer === "" ? null : placeInJson(text, pathOf(fault.pointer));
  return { file, place, message: error.detail };
}
