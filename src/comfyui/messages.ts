import { z } from "zod";
import { parsePythonJson } from "../json/exact.ts";
import { anyJson } from "./json-value.ts";

const nodeId = z.string();

const nodeState = z.looseObject({
  state: z.string(),
  node_id: nodeId,
  display_node_id: nodeId.nullish(),
  real_node_id: nodeId.nullish(),
});

/** The text messages that are used, with the fields that are used (comfyui-protocol.md §2.3). */
const messageSchema = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("status"),
    data: z.looseObject({ status: z.looseObject({ exec_info: z.looseObject({ queue_remaining: z.number() }) }) }),
  }),
  z.looseObject({ type: z.literal("execution_start"), data: z.looseObject({ prompt_id: z.string() }) }),
  z.looseObject({ type: z.literal("execution_cached"), data: z.looseObject({ prompt_id: z.string(), nodes: z.array(nodeId) }) }),
  z.looseObject({
    type: z.literal("executing"),
    // `node: null` is the end of the run. Without `prompt_id` it only greets a client that came back.
    data: z.looseObject({ prompt_id: z.string().nullish(), node: nodeId.nullable(), display_node: nodeId.nullish() }),
  }),
  z.looseObject({
    type: z.literal("progress"),
    data: z.looseObject({ prompt_id: z.string(), node: nodeId.nullish(), value: z.number(), max: z.number() }),
  }),
  z.looseObject({
    type: z.literal("progress_state"),
    data: z.looseObject({ prompt_id: z.string(), nodes: z.record(z.string(), nodeState) }),
  }),
  z.looseObject({
    type: z.literal("executed"),
    // `output` is null for a cached node that shows nothing.
    data: z.looseObject({ prompt_id: z.string(), node: nodeId, display_node: nodeId.nullish(), output: anyJson.nullish() }),
  }),
  z.looseObject({ type: z.literal("execution_success"), data: z.looseObject({ prompt_id: z.string() }) }),
  z.looseObject({
    type: z.literal("execution_error"),
    data: z.looseObject({
      prompt_id: z.string(),
      node_id: nodeId,
      node_type: z.string().nullish(),
      exception_message: z.string().nullish(),
    }),
  }),
]);

export type SocketMessage = z.infer<typeof messageSchema>;

const envelope = z.looseObject({ type: z.string() });
const usedTypes: ReadonlySet<string> = new Set(messageSchema.options.map((option) => option.shape.type.value));

/**
 * Reads a text frame. Custom nodes send messages of their own: those are null.
 *
 * @throws {SyntaxError | z.ZodError} when the frame is not what ComfyUI sends
 */
export function parseSocketMessage(text: string): SocketMessage | null {
  const message = parsePythonJson(text);
  if (!usedTypes.has(envelope.parse(message).type)) return null;
  return messageSchema.parse(message);
}
