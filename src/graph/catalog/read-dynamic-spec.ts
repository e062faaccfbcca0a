import type { CatalogInput, InputFacts, InputSpec } from "./input-spec.ts";
import { isRecord, isShallowJson, textOf } from "./json-shape.ts";
import type { Options } from "./read-input-spec.ts";

/** Reads one inner input; inner inputs may be dynamic again. */
type ReadInner = (declared: unknown) => InputSpec;

/** ComfyUI's own bounds for lists that grow and for rows of groups (comfyui-protocol.md §1.6). */
const maxSlots = 100;
const maxRows = 20;

function inputsOf(sections: unknown, readInner: ReadInner): CatalogInput[] {
  if (!isRecord(sections)) return [];
  return (["required", "optional"] as const).flatMap((sectionName) => {
    const section = sections[sectionName];
    if (!isRecord(section)) return [];
    return Object.entries(section).map(([name, declared]) => ({ name, required: sectionName === "required", spec: readInner(declared) }));
  });
}

function bounded(value: unknown, fallback: number, max: number): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? Math.min(value, max) : fallback;
}

function typesOf(value: unknown): readonly string[] {
  const text = typeof value === "string" ? value : Array.isArray(value) ? value.join(",") : "";
  const types = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return types.length === 0 ? ["*"] : types;
}

function autogrow(template: Options, facts: InputFacts, readInner: ReadInner): InputSpec {
  const inner = inputsOf(template["input"], readInner)[0];
  const max = bounded(template["max"], maxSlots, maxSlots);
  const names: unknown = template["names"];
  const slotNames = Array.isArray(names)
    ? names.filter((name): name is string => typeof name === "string").slice(0, maxSlots)
    : Array.from({ length: max }, (_, index) => `${textOf(template["prefix"]) ?? ""}${index}`);
  const spec = inner?.spec ?? { ...facts, kind: "socket", types: ["*"], matchTemplate: undefined };
  return { ...facts, types: spec.types, kind: "autogrow", slotNames, min: bounded(template["min"], 0, maxSlots), template: spec };
}

/** The V3 inputs that stand for more than one input; `undefined` for any other type. */
export function readDynamicSpec(type: string, options: Options, facts: InputFacts, readInner: ReadInner): InputSpec | undefined {
  const template: Options = isRecord(options["template"]) ? options["template"] : {};
  switch (type) {
    case "COMFY_DYNAMICCOMBO_V3": {
      const declared: readonly unknown[] = Array.isArray(options["options"]) ? options["options"] : [];
      const choices = declared.flatMap((choice) => {
        if (!isRecord(choice)) return [];
        const key = choice["key"];
        return isShallowJson(key) ? [{ key, inputs: inputsOf(choice["inputs"], readInner) }] : [];
      });
      return { ...facts, types: ["COMBO"], kind: "dynamic_combo", choices };
    }
    case "COMFY_AUTOGROW_V3":
      return autogrow(template, facts, readInner);
    case "COMFY_DYNAMICSLOT_V3":
      return { ...facts, types: typesOf(options["slotType"]), kind: "dynamic_slot", inputs: inputsOf(options["inputs"], readInner) };
    case "COMFY_DYNAMICGROUP_V3":
      return {
        ...facts,
        kind: "dynamic_group",
        fields: inputsOf(template, readInner),
        min: bounded(template["min"] ?? options["min"], 0, maxRows),
        max: bounded(template["max"] ?? options["max"], maxRows, maxRows),
      };
    case "COMFY_MATCHTYPE_V3":
      return { ...facts, types: typesOf(template["allowed_types"]), kind: "socket", matchTemplate: textOf(template["template_id"]) ?? "" };
    default:
      return undefined;
  }
}
