import type { JsonValue } from "../../json/exact.ts";
import type { ControlAfterGenerate, InputFacts, InputSpec, UploadKind } from "./input-spec.ts";
import { isRecord, isShallowJson, textOf } from "./json-shape.ts";
import { readDynamicSpec } from "./read-dynamic-spec.ts";

export type Options = Readonly<Record<string, unknown>>;
type Note = (message: string) => void;

/**
 * Types for which the front end has a widget of its own, besides the plain ones (comfyui-protocol.md §1.6).
 * A pack may register more in JavaScript, which no catalog tells.
 */
const otherWidgetTypes: ReadonlySet<string> = new Set([
  "AUDIO_RECORD", "AUDIO_UI", "AUDIOUPLOAD", "BOUNDING_BOX", "BOUNDING_BOXES", "CAMERA_INFO_STATE", "CHART", "COLOR", "COLORS",
  "COMPOSITOR", "CURVE", "FILEUPLOAD", "GALLERIA", "IMAGECOMPARE", "IMAGECROP", "IMAGEUPLOAD", "LOAD_3D", "LOAD_3D_ANIMATION",
  "MARKDOWN", "MULTISELECT", "PREVIEW_3D", "PREVIEW_3D_ANIMATION", "RANGE", "RESOLUTION_PREVIEW", "SELECTBUTTON", "TEXTAREA",
  "TREESELECT", "VIDEO_EDIT", "WEBCAM",
]);

const uploadFlags: readonly (readonly [string, UploadKind])[] = [
  ["animated_image_upload", "animated_image"],
  ["image_upload", "image"],
  ["video_upload", "video"],
  ["audio_upload", "audio"],
  ["file_upload", "file"],
];

function numberOf(value: unknown): number | undefined {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function integerOf(value: unknown): number | bigint | undefined {
  return typeof value === "bigint" ? value : numberOf(value);
}

function controlOf(value: unknown): ControlAfterGenerate | undefined {
  if (value === "fixed" || value === "increment" || value === "decrement" || value === "randomize") return value;
  // Python truth: any other value that is there says yes or no.
  return value === undefined || value === null ? undefined : Boolean(value);
}

function factsOf(types: readonly string[], options: Options): InputFacts {
  const given = options["default"];
  return {
    types,
    default: isShallowJson(given) ? given : undefined,
    tooltip: textOf(options["tooltip"]),
    displayName: textOf(options["display_name"]) ?? textOf(options["label"]),
    forceInput: Boolean(options["forceInput"]),
    socketless: Boolean(options["socketless"]),
    hidden: Boolean(options["hidden"]),
    advanced: Boolean(options["advanced"]),
  };
}

function comboOf(list: unknown, types: readonly string[], options: Options): InputSpec {
  const values: readonly unknown[] = Array.isArray(list) ? list : [];
  const remote = options["remote"];
  const usable = values.filter((value): value is JsonValue => isShallowJson(value));
  return {
    ...factsOf(types, options),
    kind: "combo",
    options: usable,
    multiselect: Boolean(options["multiselect"]) || isRecord(options["multi_select"]),
    remoteRoute: isRecord(remote) ? textOf(remote["route"]) : undefined,
    upload: uploadFlags.find(([flag]) => Boolean(options[flag]))?.[1],
    imageFolder: textOf(options["image_folder"]),
    controlAfterGenerate: controlOf(options["control_after_generate"]),
  };
}

/** What the widget of `widgetType` edits, for an input that links of `types` may be put on. */
function plainSpec(widgetType: string, types: readonly string[], options: Options): InputSpec | undefined {
  const facts = factsOf(types, options);
  switch (widgetType) {
    case "INT":
    // Two classes of an old pack write the front end's own name for the seed widget.
    case "INT:seed":
    case "INT:noise_seed":
      return {
        ...facts,
        kind: "int",
        types: types.map((type) => type.replace(/^INT:.*/, "INT")),
        min: integerOf(options["min"]),
        max: integerOf(options["max"]),
        step: integerOf(options["step"]),
        display: textOf(options["display"]),
        controlAfterGenerate: controlOf(options["control_after_generate"]) ?? (widgetType === "INT" ? undefined : true),
      };
    case "FLOAT":
      return {
        ...facts,
        kind: "float",
        min: numberOf(options["min"]),
        max: numberOf(options["max"]),
        step: numberOf(options["step"]),
        display: textOf(options["display"]),
      };
    case "STRING":
      return {
        ...facts,
        kind: "string",
        multiline: Boolean(options["multiline"]),
        dynamicPrompts: Boolean(options["dynamicPrompts"]),
        placeholder: textOf(options["placeholder"]),
      };
    case "BOOLEAN":
      return { ...facts, kind: "boolean", labelOn: textOf(options["label_on"]), labelOff: textOf(options["label_off"]) };
    case "COMBO":
      return comboOf(options["options"], types, options);
    default:
      return undefined;
  }
}

function anySocket(): InputSpec {
  return { ...factsOf(["*"], {}), kind: "socket", matchTemplate: undefined };
}

/**
 * One input as `/object_info` writes it: `[type]`, `[type, options]`, longer lists and bare types too.
 * What cannot be understood becomes a socket of any type, and `note` is told.
 */
export function readInputSpec(declared: unknown, note: Note): InputSpec {
  const list: readonly unknown[] = Array.isArray(declared) ? declared : [declared];
  const type = list[0];
  const options: Options = isRecord(list[1]) ? list[1] : {};
  if (Array.isArray(type)) return comboOf(type, ["COMBO"], options);
  if (typeof type !== "string" || type === "") {
    note("The type of the input is neither a name nor a list of options; it is taken as a socket of any type");
    return anySocket();
  }
  const types = type.split(",").map((part) => part.trim()).filter((part) => part !== "");
  const facts = factsOf(types.length === 0 ? ["*"] : types, options);
  const dynamic = readDynamicSpec(type, options, facts, (inner) => readInputSpec(inner, note));
  if (dynamic !== undefined) return dynamic;
  const widgetType = textOf(options["widgetType"]) ?? type;
  const plain = plainSpec(widgetType, facts.types, options);
  if (plain !== undefined) return plain;
  if (options["widgetType"] !== undefined || facts.socketless || otherWidgetTypes.has(type)) return { ...facts, kind: "widget", widgetType };
  return { ...facts, kind: "socket", matchTemplate: undefined };
}
