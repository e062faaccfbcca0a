import type { CatalogNote, NodeClass, NodeOutput } from "../catalog.ts";
import type { CatalogInput } from "./input-spec.ts";
import { isRecord, isShallowJson, textOf } from "./json-shape.ts";
import { readInputSpec } from "./read-input-spec.ts";

type Info = Readonly<Record<string, unknown>>;

/** The names of a section in the order the class declares them: objects re-order keys that look like numbers. */
function orderedNames(section: Info, order: unknown): string[] {
  const declared = Array.isArray(order) ? order.filter((name): name is string => typeof name === "string") : [];
  return [...new Set([...declared.filter((name) => Object.hasOwn(section, name)), ...Object.keys(section)])];
}

function readInputs(className: string, info: Info, notes: CatalogNote[]): CatalogInput[] {
  const input = isRecord(info["input"]) ? info["input"] : {};
  const order = isRecord(info["input_order"]) ? info["input_order"] : {};
  return (["required", "optional"] as const).flatMap((sectionName) => {
    const section = input[sectionName];
    if (!isRecord(section)) return [];
    return orderedNames(section, order[sectionName]).map((name) => ({
      name,
      required: sectionName === "required",
      spec: readInputSpec(section[name], (message) => notes.push({ className, input: name, message })),
    }));
  });
}

function readHidden(info: Info): NodeClass["hiddenInputs"] {
  const hidden = isRecord(info["input"]) ? info["input"]["hidden"] : undefined;
  if (!isRecord(hidden)) return [];
  return Object.entries(hidden).map(([name, spec]) => {
    const type: unknown = Array.isArray(spec) ? spec[0] : spec;
    return { name, type: typeof type === "string" ? type : "*" };
  });
}

function readOutputs(info: Info): NodeOutput[] {
  const types: readonly unknown[] = Array.isArray(info["output"]) ? info["output"] : [];
  const names: readonly unknown[] = Array.isArray(info["output_name"]) ? info["output_name"] : [];
  const lists: readonly unknown[] = Array.isArray(info["output_is_list"]) ? info["output_is_list"] : [];
  return types.map((declared, index) => {
    const type = typeof declared === "string" ? declared : Array.isArray(declared) ? "COMBO" : "*";
    return { name: textOf(names[index]) ?? type, type, isList: lists[index] === true };
  });
}

/** One example lies in ComfyUI's own folder of packs. */
const ownPack = "websocket_image_save";

function packFolderOf(pythonModule: string): string | undefined {
  const folder = /^custom_nodes\.(.+)$/.exec(pythonModule)?.[1];
  return folder === ownPack ? undefined : folder;
}

/** `undefined` when nothing can be made of it; `notes` then has the reason. */
export function readNodeClass(name: string, info: unknown, notes: CatalogNote[]): NodeClass | undefined {
  if (!isRecord(info) || !isShallowJson(info)) {
    notes.push({ className: name, message: "The class is not an object of JSON of a sane depth; it is left out" });
    return undefined;
  }
  if (info["input"] !== undefined && info["input"] !== null && !isRecord(info["input"])) {
    notes.push({ className: name, message: "The inputs of the class are not an object; it is left out" });
    return undefined;
  }
  const pythonModule = textOf(info["python_module"]) ?? "nodes";
  return {
    name,
    displayName: textOf(info["display_name"]),
    description: textOf(info["description"]),
    category: textOf(info["category"]),
    pythonModule,
    packFolder: packFolderOf(pythonModule),
    inputs: readInputs(name, info, notes),
    hiddenInputs: readHidden(info),
    outputs: readOutputs(info),
    outputNode: info["output_node"] === true,
    deprecated: info["deprecated"] === true,
    experimental: info["experimental"] === true,
    apiNode: info["api_node"] === true,
  };
}
