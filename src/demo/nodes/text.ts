import { float, integer, socket, text, values, type NodeDefinition } from "../node-definition.ts";
import { pythonFloatString, toPythonString } from "../python-conversion.ts";
import { literal, type Value } from "../values.ts";
import { stringifyJson } from "../../json/exact.ts";
import { isList, isObject } from "../json-shape.ts";

/** 2^63 − 1: what Python's `sys.maxsize` is. */
const maxInt = 9223372036854775807n;
const delimiterOptions = { default: "", multiline: false };

function shown(value: Value | undefined): string {
  if (value === undefined) return "None";
  if (value.kind === "float") return pythonFloatString(value.value);
  if (value.kind === "image") return `tensor of ${value.frames.length} images`;
  if (value.kind !== "literal") return `<${value.kind}>`;
  return isObject(value.value) || isList(value.value) ? stringifyJson(value.value) : toPythonString(value.value);
}

function primitive(name: string, displayName: string, output: string, input: NodeDefinition["required"][number]): NodeDefinition {
  return {
    name,
    displayName,
    category: "utils/primitive",
    module: "comfy_extras.nodes_primitive",
    style: "v3",
    required: [input],
    outputs: [{ type: output }],
    run: (inputs) => values(output === "FLOAT" ? { kind: "float", value: inputs.float("value") } : literal(inputs.json("value"))),
  };
}

export const textNodes: readonly NodeDefinition[] = [
  {
    name: "PreviewAny",
    displayName: "Preview Any",
    category: "utils",
    module: "comfy_extras.nodes_preview_any",
    style: "v1",
    required: [socket("source", "*", {})],
    outputs: [],
    outputNode: true,
    run: (input) => ({ ui: { text: [shown(input.value("source"))] } }),
  },
  {
    name: "StringConcatenate",
    displayName: "Concatenate",
    category: "utils/string",
    module: "comfy_extras.nodes_string",
    style: "v3",
    required: [text("string_a", { multiline: true }), text("string_b", { multiline: true }), text("delimiter", delimiterOptions)],
    outputs: [{ type: "STRING" }],
    run: (input) => values(literal([input.text("string_a"), input.text("string_b")].join(input.text("delimiter")))),
  },
  primitive("PrimitiveInt", "Int", "INT", integer("value", { min: -maxInt, max: maxInt, control_after_generate: true })),
  primitive("PrimitiveFloat", "Float", "FLOAT", float("value", { min: -maxInt, max: maxInt })),
  primitive("PrimitiveString", "String", "STRING", text("value", { multiline: false })),
  primitive("PrimitiveStringMultiline", "String (Multiline)", "STRING", text("value", { multiline: true })),
  primitive("PrimitiveBoolean", "Boolean", "BOOLEAN", { name: "value", type: "BOOLEAN", options: {} }),
];
