import { z } from "zod";
import { stringifyJson, type JsonValue } from "../json/exact.ts";
import { anyJson } from "./json-value.ts";
import { plainText } from "./plain-message.ts";

/** Options of a list that are worth reading out; ComfyUI itself sends none beyond twenty. */
const maxOptions = 20;
/** A received value may be a whole prompt or an image in base64. */
const maxValueLength = 80;

const modelFile = /\.(?:safetensors|sft|ckpt|pth?|bin|gguf|onnx|pkl|engine|torchscript)$/i;
/** Lists whose name ends like that of a model loader's input and which hold no files. */
const notFiles = new Set(["sampler_name", "scheduler_name"]);

/** One error of `node_errors[id].errors` (comfyui-protocol.md §1.1). */
export const nodeFaultSchema = z.looseObject({
  type: z.string().catch("unknown"),
  message: z.string().catch(""),
  details: z.string().catch(""),
  extra_info: z
    .looseObject({
      input_name: z.string().nullish().catch(null),
      input_config: z.array(anyJson).nullish().catch(null),
      received_value: anyJson.nullish().catch(null),
      received_type: z.string().nullish().catch(null),
      linked_node: z.array(anyJson).nullish().catch(null),
      exception_type: z.string().nullish().catch(null),
      exception_message: z.string().nullish().catch(null),
      cycle_nodes: z.array(anyJson).nullish().catch(null),
    })
    .catch({}),
});

export type NodeFault = z.infer<typeof nodeFaultSchema>;

const configOptions = z.looseObject({
  min: anyJson.optional(),
  max: anyJson.optional(),
  options: z.array(anyJson).optional().catch(undefined),
});

function show(value: JsonValue | undefined): string {
  const text = stringifyJson(value ?? null);
  return text.length <= maxValueLength ? text : `${text.slice(0, maxValueLength)}…`;
}

function configOf(fault: NodeFault): { readonly type: JsonValue | undefined; readonly options: z.infer<typeof configOptions> } {
  const config = fault.extra_info.input_config ?? [];
  return { type: config[0], options: configOptions.safeParse(config[1]).data ?? {} };
}

/** The allowed values; null when ComfyUI does not send them because there are too many. */
function allowedValues(fault: NodeFault): readonly JsonValue[] | null {
  const { type, options } = configOf(fault);
  const list = Array.isArray(type) ? z.array(anyJson).parse(type) : options.options;
  return list ?? null;
}

function isModelList(name: string, value: JsonValue, allowed: readonly JsonValue[] | null): boolean {
  if (allowed?.length === 0) return true;
  if ([value, ...(allowed ?? [])].some((item) => typeof item === "string" && modelFile.test(item))) return true;
  return name.endsWith("_name") && !notFiles.has(name);
}

function notInList(name: string, fault: NodeFault): string {
  const value = fault.extra_info.received_value ?? null;
  const allowed = allowedValues(fault);
  const shown = (allowed ?? []).slice(0, maxOptions).map(show).join(", ");
  const rest = (allowed?.length ?? 0) > maxOptions ? `, and ${(allowed?.length ?? 0) - maxOptions} more` : "";
  if (isModelList(name, value, allowed)) {
    const has = allowed === null ? "" : shown === "" ? " It has no such files at all." : ` It has: ${shown}${rest}.`;
    return `The file ${show(value)} for “${name}” is missing in ComfyUI: put it into its models folder, or name one that is there.${has}`;
  }
  const choice = allowed === null ? " It is not one of ComfyUI's many options for it." : ` Allowed: ${shown}${rest}.`;
  return `${show(value)} is not allowed for “${name}”.${choice}`;
}

function exceptionOf(fault: NodeFault): string {
  const text = plainText(fault.extra_info.exception_message ?? fault.details);
  const name = fault.extra_info.exception_type ?? "";
  return [name, text].filter((part) => part !== "").join(": ") || "no reason given";
}

/** `details` repeats the input's name, at times with the reason after it. */
function reasonAfterName(name: string, details: string): string {
  const rest = details.startsWith(name) ? details.slice(name.length).replace(/^[\s:-]+/, "") : details;
  return plainText(rest);
}

/** What is wrong with an input or node, in a sentence for the author of the graph. Holds no traceback and no path of the host. */
export function describeNodeFault(fault: NodeFault): string {
  const { extra_info: info } = fault;
  const name = info.input_name ?? fault.details;
  const { type, options } = configOf(fault);
  switch (fault.type) {
    case "required_input_missing":
      return `The input “${name}” is missing.`;
    case "bad_linked_input":
      return `“${name}” holds a list that is not a link: a link is ["node id", output number]. A list that is meant as a value is written {"__value__": [...]}.`;
    case "return_type_mismatch":
      return `“${name}” takes ${show(type)}, but the output linked to it ${show(info.linked_node)} gives ${info.received_type ?? "another type"}.`;
    case "invalid_input_type":
      return `“${name}” takes ${show(type)}, and ${show(info.received_value)} cannot be read as one.`;
    case "value_smaller_than_min":
      return `“${name}” is ${show(info.received_value)}; the least allowed is ${show(options.min)}.`;
    case "value_bigger_than_max":
      return `“${name}” is ${show(info.received_value)}; the most allowed is ${show(options.max)}.`;
    case "value_not_in_list":
      return notInList(name, fault);
    case "custom_validation_failed":
      return `The node does not accept “${info.input_name ?? "an input"}”: ${reasonAfterName(info.input_name ?? "", fault.details) || "it gives no reason"}.`;
    case "exception_during_validation":
      return `The node's inputs could not be checked (${exceptionOf(fault)}). Look for a link to a node or an output that the graph does not have: node ids in links are strings, output numbers are integers.`;
    case "exception_during_inner_validation":
      return `What “${name}” is linked to could not be checked (${exceptionOf(fault)}). Look there for a link to a node or an output that the graph does not have.`;
    case "dependency_cycle": {
      const nodes = (info.cycle_nodes ?? []).map(show).join(" → ");
      return `The node's inputs depend on its own output${nodes === "" ? "" : ` (${nodes})`}: take one link out of the circle.`;
    }
    case "invalid_dynamic_input":
      return `“${name}” is not an input that the node has with its other inputs as they are.`;
    default:
      return plainText([fault.message, fault.details].filter((part) => part !== "").join(": ")) || `ComfyUI names the fault only as “${plainText(fault.type)}”.`;
  }
}
