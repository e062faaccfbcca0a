import type { JsonObject, JsonValue } from "../json/exact.ts";
import type { FileTree } from "./file-tree.ts";
import { resolveType, type InputSpec, type NodeDefinition } from "./node-definition.ts";

/** One class as GET /object_info tells it (comfyui-protocol.md §1.6). */
export function objectInfo(definition: NodeDefinition, files: FileTree): JsonObject {
  const { style, optional, hidden, outputs } = definition;
  const tooltips = outputs.map((output) => output.tooltip ?? null);
  const hasTooltips = style === "v3" || tooltips.some((tooltip) => tooltip !== null);
  return {
    input: {
      required: inputGroup(definition.required, files),
      ...(optional === undefined ? {} : { optional: inputGroup(optional, files) }),
      ...(hidden === undefined ? {} : { hidden: hiddenGroup(hidden, style) }),
    },
    input_order: {
      required: definition.required.map(({ name }) => name),
      ...(optional === undefined ? {} : { optional: optional.map(({ name }) => name) }),
      ...(hidden === undefined ? {} : { hidden: Object.keys(hidden) }),
    },
    output: outputs.map(({ type }) => type),
    output_is_list: outputs.map(({ isList }) => isList ?? false),
    output_name: outputs.map(({ name, type }) => name ?? type),
    ...(hasTooltips ? { output_tooltips: tooltips } : {}),
    name: definition.name,
    display_name: definition.displayName,
    description: definition.description ?? "",
    python_module: definition.module,
    category: definition.category,
    output_node: definition.outputNode ?? false,
    ...(style === "v3" ? { deprecated: false, experimental: definition.experimental ?? false, api_node: false } : {}),
  };
}

function inputGroup(specs: readonly InputSpec[], files: FileTree): JsonObject {
  return Object.fromEntries(
    specs.map((spec): [string, JsonValue] => {
      const type = resolveType(spec, files);
      return [spec.name, spec.options === undefined ? [type] : [type, spec.options]];
    }),
  );
}

function hiddenGroup(hidden: Readonly<Record<string, string>>, style: "v1" | "v3"): JsonObject {
  return Object.fromEntries(Object.entries(hidden).map(([name, type]): [string, JsonValue] => [name, style === "v3" ? [type] : type]));
}
