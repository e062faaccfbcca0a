import { isAbsolute, resolve } from "node:path";
import { parseDocument, stringify } from "yaml";
import { places } from "./place.ts";

/** Settings that name a file or a folder: relative to where the command was typed, and the service runs elsewhere. */
const pathSettings: readonly string[] = ["data_dir", "workflows_dir", "catalog", "comfyui_output_dir", "api_keys_file"];

const newFile = `# Settings of the comfyui-api service; \`comfyui-api serve --help\` lists them all.
# After a change: systemctl restart comfyui-api. After a change of a folder, of the port, of api_keys_file
# or of drain_seconds, run \`comfyui-api service install\` again, for these are in the unit as well.
`;

/**
 * The service's file of settings: what was there, with its comments, and what the command line says now.
 *
 * @param before its text; null when there is none yet
 * @param given values as they were typed, by name of the setting
 */
export function configText(before: string | null, given: ReadonlyMap<string, string>): string {
  const document = parseDocument(before ?? newFile);
  const values = new Map(given);
  for (const [name, value] of [["data_dir", places.data], ["workflows_dir", places.workflows]] as const) {
    if (!document.has(name) && !values.has(name)) values.set(name, value);
  }
  if (values.size === 0) return before ?? newFile;
  // An empty document, or one of comments alone, has no mapping to set anything in.
  if (document.contents === null) return `${(before ?? newFile).trimEnd()}\n${lines(values)}`;
  for (const [name, value] of values) document.set(name, typed(name, value));
  return document.toString({ lineWidth: 0 });
}

function lines(values: ReadonlyMap<string, string>): string {
  return stringify(Object.fromEntries([...values].map(([name, value]) => [name, typed(name, value)])), { lineWidth: 0 });
}

function typed(name: string, value: string): string | number | boolean {
  if (pathSettings.includes(name)) return isAbsolute(value) ? value : resolve(value);
  if (value === "true" || value === "false") return value === "true";
  return /^(0|[1-9]\d{0,14})$/.test(value) ? Number(value) : value;
}
