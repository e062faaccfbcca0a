import type { JsonObject, JsonValue } from "../json/exact.ts";
import { isList, isObject } from "./json-shape.ts";
import type { InputLists } from "./node-call.ts";
import type { NodeDefinition } from "./node-definition.ts";
import type { NodeFailure } from "./node-failure.ts";
import { pythonRepr } from "./python-conversion.ts";
import type { QueueItem } from "./queue.ts";
import type { Value } from "./values.ts";

const outOfMemory = "torch.OutOfMemoryError";
const outOfMemoryTips =
  "This error means you ran out of memory on your GPU.\n\n" +
  "TIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.";
const traceback = [
  '  File "/opt/ComfyUI/execution.py", line 496, in execute\n    output_data, output_ui, has_subgraph = await get_output_data(prompt_id, unique_id)\n',
];

/** The part of `execution_error` that tells what was raised (comfyui-protocol.md §2.3). */
export function failureDetails({ message, exceptionType }: NodeFailure): JsonObject {
  return {
    exception_message: `${message}\n${exceptionType === outOfMemory ? outOfMemoryTips : ""}`,
    exception_type: exceptionType,
    traceback,
  };
}

/** `current_inputs`: the arguments of the call, and with the older way of declaring nodes the hidden ones among them. */
export function shownInputs(params: {
  readonly definition: NodeDefinition;
  readonly nodeId: string;
  readonly lists: InputLists;
  readonly item: QueueItem;
}): JsonObject {
  const { definition, lists, item } = params;
  const given = Object.fromEntries([...lists].map(([name, list]) => [name, list.map(formatted)]));
  if (definition.style === "v3" || lists.size === 0) return given;
  const pnginfo = item.extraData["extra_pnginfo"];
  const contents: Readonly<Record<string, JsonValue>> = {
    UNIQUE_ID: params.nodeId,
    PROMPT: pythonRepr(item.prompt),
    EXTRA_PNGINFO: pnginfo === undefined ? null : pythonRepr(pnginfo),
  };
  const hidden = Object.entries(definition.hidden ?? {}).map(([name, type]): [string, JsonValue] => [name, [contents[type] ?? null]]);
  return { ...given, ...Object.fromEntries(hidden) };
}

function formatted(value: Value): JsonValue {
  if (value.kind === "literal") return isObject(value.value) || isList(value.value) ? pythonRepr(value.value) : value.value;
  if (value.kind === "float") return value.value;
  if (value.kind === "image") return `tensor of ${value.frames.length} images of ${value.frames[0]?.width ?? 0}x${value.frames[0]?.height ?? 0}`;
  return `<${value.kind}>`;
}
