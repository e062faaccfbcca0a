import { writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import { z } from "zod";
import { parseJson, stringifyJson, type JsonObject, type JsonValue } from "../../src/json/exact.ts";

/*
 * Writes src/graph/core-catalog/data.ts from a running ComfyUI that has no packs: the interface of each core class,
 * without prose and without the files that happen to be on that machine.
 *
 *   npm run core-catalog -- http://127.0.0.1:8188
 */

const target = "src/graph/core-catalog/data.ts";
/** Text for people. A default text stays: it is sent when the input is left out. */
const prose = new Set(["tooltip", "placeholder", "description"]);
const fileName = /\.[A-Za-z]\w{1,11}$/;
/** One example lies in ComfyUI's own folder of packs. */
const ownPack = "custom_nodes.websocket_image_save";
const uploadFlag = /_upload$/;

const systemSchema = z.object({ system: z.object({ comfyui_version: z.string() }) });
const jsonSchema = z.custom<JsonValue>((value) => value !== undefined);
const inputsSchema = z.record(z.string(), jsonSchema);
const classSchema = z.looseObject({
  input: z.object({ required: inputsSchema.optional(), optional: inputsSchema.optional(), hidden: inputsSchema.optional() }),
  input_order: z.record(z.string(), z.array(z.string())).optional(),
  output: z.array(jsonSchema),
  output_name: z.array(z.string().nullable()).optional(),
  output_is_list: z.array(z.boolean()).optional(),
  output_node: z.boolean().optional(),
  display_name: z.string().nullish(),
  category: z.string().nullish(),
  python_module: z.string(),
  deprecated: z.boolean().optional(),
  experimental: z.boolean().optional(),
  api_node: z.boolean().nullish(),
});
type ClassInfo = z.infer<typeof classSchema>;

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isList(value);
}

function withoutFiles(options: readonly JsonValue[], hasUpload: boolean): readonly JsonValue[] {
  return hasUpload || options.some((option) => typeof option === "string" && fileName.test(option)) ? [] : options;
}

function factsOfSpec(spec: JsonValue): JsonValue {
  if (!isList(spec)) return spec;
  const given = isObject(spec[1]) ? spec[1] : {};
  const hasUpload = Object.keys(given).some((key) => uploadFlag.test(key));
  const facts = Object.fromEntries(
    Object.entries(given)
      .filter(([key]) => !prose.has(key))
      .map(([key, value]) => [key, key === "options" && isList(value) ? withoutFiles(value, hasUpload) : value]),
  );
  const type = isList(spec[0]) ? withoutFiles(spec[0], hasUpload) : (spec[0] ?? "*");
  return Object.keys(facts).length === 0 ? [type] : [type, facts];
}

function factsOf(info: ClassInfo): JsonObject {
  const sections = Object.entries(info.input).map(([section, inputs]) => {
    const entries = Object.entries(inputs ?? {}).map(([name, spec]) => [name, section === "hidden" ? spec : factsOfSpec(spec)] as const);
    return [section, Object.fromEntries(entries)] as const;
  });
  const names = info.output_name ?? [];
  return {
    input: Object.fromEntries(sections),
    ...(info.input_order === undefined ? {} : { input_order: info.input_order }),
    output: info.output,
    ...(names.every((name, index) => name === info.output[index]) ? {} : { output_name: names }),
    ...(info.output_is_list?.includes(true) === true ? { output_is_list: info.output_is_list } : {}),
    ...(info.output_node === true ? { output_node: true } : {}),
    ...(typeof info.display_name === "string" ? { display_name: info.display_name } : {}),
    ...(typeof info.category === "string" ? { category: info.category } : {}),
    python_module: info.python_module,
    ...(info.deprecated === true ? { deprecated: true } : {}),
    ...(info.experimental === true ? { experimental: true } : {}),
    ...(info.api_node === true ? { api_node: true } : {}),
  };
}

async function get(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return parseJson(await response.text());
}

const base = process.argv[2];
if (base === undefined) throw new Error("Give the address of a running ComfyUI without packs.");
const { system } = systemSchema.parse(await get(`${base}/system_stats`));
const classes = z.record(z.string(), classSchema).parse(await get(`${base}/object_info`));
const core = Object.entries(classes).filter(([, info]) => !info.python_module.startsWith("custom_nodes.") || info.python_module === ownPack).toSorted(([a], [b]) => (a < b ? -1 : 1));
const text = stringifyJson(Object.fromEntries(core.map(([name, info]) => [name, factsOf(info)])));
const packed = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length } });
const lines = packed.toString("base64").match(/.{1,130}/g) ?? [];
writeFileSync(target, [
  "// Written by scripts/generate/core-catalog.ts from a running ComfyUI. Do not edit.",
  "",
  "/** The ComfyUI that the catalog was read from. */",
  `export const comfyuiVersion = ${JSON.stringify(system.comfyui_version)};`,
  "/** The day it was read. */",
  `export const readOn = ${JSON.stringify(new Date().toISOString().slice(0, 10))};`,
  "/** The interface of every core class in the form of `/object_info`: JSON, packed with Brotli, in base64. */",
  "export const packedClasses = [",
  ...lines.map((line) => `  "${line}",`),
  '].join("");',
  "",
].join("\n"));
console.log(`${target}: ${core.length} classes of ComfyUI ${system.comfyui_version}, ${text.length} bytes of JSON, ${packed.length} packed`);
