import { stringifyJson, type JsonValue } from "../../json/exact.ts";
import type { FileAccepts, Workflow } from "../../workflow/workflow.ts";
import { workflowPath } from "./paths.ts";

const sampleNames: Readonly<Record<FileAccepts, string>> = {
  image: "photo.png",
  video: "clip.mp4",
  audio: "sound.mp3",
  model3d: "model.glb",
  file: "file.bin",
};

/** One word of a POSIX shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A line that runs the workflow with what it needs and its defaults for the rest. */
export function curlLine(workflow: Workflow, origin: string): string {
  const url = `${origin}${workflowPath(workflow.id)}`;
  const needed = Object.entries(workflow.example).filter(([name]) => !Object.hasOwn(workflow.defaults, name));
  const files = new Map(workflow.fileFields.map(({ path, accepts }) => [path[0], accepts]));
  if (!needed.some(([name]) => files.has(name))) return `curl -X POST ${quoted(url)} -d ${quoted(stringifyJson(Object.fromEntries(needed)))}`;
  const parts = needed.map(([name, value]) => {
    const accepts = files.get(name);
    // --form-string keeps a leading @ or < from being taken for a file.
    return accepts === undefined ? `--form-string ${quoted(`${name}=${formText(value)}`)}` : `-F ${quoted(`${name}=@${sampleNames[accepts]}`)}`;
  });
  return `curl -X POST ${quoted(url)} ${parts.join(" ")}`;
}

function formText(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : stringifyJson(value ?? null);
}
