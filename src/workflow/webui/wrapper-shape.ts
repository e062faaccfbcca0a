import { z } from "zod";
import type { JsonValue } from "../../json/exact.ts";
import { isJsonValue } from "../json-value.ts";
import { presentationShape } from "../source/sidecar.ts";

/** What a `.webui.yml` may say; the same words as in the files people have. Further members are left alone. */

const text = z.string({ error: "must be text" });
const nodeId = z.union([text.min(1), z.int().transform(String)], { error: "must be the id of a node" });
const value = z.custom<JsonValue>(isJsonValue, { error: "must be a plain value" });
const amount = z.union([z.number(), z.bigint()], { error: "must be a number" });
const mode = z.literal([0, 1, 2, 3, 4], { error: "must be a mode of ComfyUI's nodes: 0 on, 2 muted, 4 bypassed" });

const nodes = { node_id: nodeId.optional(), node_ids: z.array(nodeId, { error: "must be a list of node ids" }).min(1).optional() };
const indices = z.array(z.int({ error: "must be a place in widgets_values, from 0" }).min(0), { error: "must be a list of places in widgets_values" }).min(1);

const modifyWidget = z.looseObject({ action_type: z.literal(["modify_widget", "modify_vector_widget"]), ...nodes, widget_indices: indices, node_type: text.optional() });
const toggleMode = z.looseObject({
  action_type: z.literal("toggle_node_mode"),
  ...nodes,
  enabled_mode: mode.default(0),
  disabled_mode: mode.default(2),
  /** A node that saves: its `save_output` follows the toggle. */
  save_node_id: nodeId.optional(),
});
const addLoras = z.looseObject({ action_type: z.literal("add_lora_pair"), high_node_id: nodeId, low_node_id: nodeId, max_loras: z.int().min(1).optional() });

const actionTypes = ["modify_widget", "modify_vector_widget", "toggle_node_mode", "add_lora_pair"] as const;

const mapping = z.discriminatedUnion("action_type", [modifyWidget, toggleMode, addLoras], {
  error: (issue) => (issue.code === "invalid_union" ? `action_type must be one of ${actionTypes.join(", ")}` : undefined),
});
export type Mapping = z.infer<typeof mapping>;

export const inputTypes = [
  "text", "textarea", "slider", "number", "seed", "select", "checkbox", "image",
  "single_model", "high_low_pair_model", "high_low_pair_lora_list", "node_mode_toggle",
] as const;
export type InputType = (typeof inputTypes)[number];

/** What older files call two of them. */
const olderNames: Readonly<Record<string, InputType>> = { toggle: "checkbox", dropdown: "select" };

const inputType = z.preprocess(
  (written) => (typeof written === "string" ? (olderNames[written] ?? written) : written),
  z.enum(inputTypes, { error: `must be one of ${inputTypes.join(", ")}` }),
);

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: "must be text, a number, true or false" });
const option = z.union([
  scalar.transform((written) => ({ value: written, label: String(written) })),
  z.looseObject({ value: scalar, label: text.optional() }).transform(({ value: written, label }) => ({ value: written, label: label ?? String(written) })),
]);

const input = z.looseObject({
  id: text.regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, { error: "must be a name made of letters, digits, _ and -" }),
  type: inputType,
  label: text.optional(),
  description: text.optional(),
  section: text.nullish(),
  required: z.boolean({ error: "must be true or false" }).default(false),
  default: value.optional(),
  default_high: text.optional(),
  default_low: text.optional(),
  min: amount.optional(),
  max: amount.optional(),
  step: z.number({ error: "must be a number" }).gt(0, { error: "must be above 0" }).optional(),
  unit: text.optional(),
  placeholder: text.optional(),
  rows: z.int().min(1).optional(),
  max_length: z.int().min(1).optional(),
  max_items: z.int().min(1).optional(),
  options: z.array(option, { error: "must be a list of options" }).min(1).optional(),
  depends_on: z.looseObject({ field: text, value }).nullish(),
  node_mapping: z.union([text, mapping]).optional(),
  ...nodes,
  field: text.min(1).optional(),
  fields: z.array(text.min(1)).min(1).optional(),
});
export type WrapperInput = z.infer<typeof input>;

const section = z.looseObject({ id: text.min(1), title: text.optional(), collapsed: z.boolean().default(false) });

export const wrapperSchema = z.looseObject({
  name: text.trim().min(1).optional(),
  description: text.trim().min(1).optional(),
  version: z.union([text, z.number()]).optional(),
  category: text.optional(),
  workflow_file: text.min(1).optional(),
  ...presentationShape,
  node_mapping: z.record(z.string(), mapping).nullish(),
  layout: z.looseObject({ sections: z.array(section).default([]) }).nullish(),
  inputs: z.array(input, { error: "must be a list of inputs" }),
  presets: z.array(value).nullish(),
  outputs: z.array(value).nullish(),
});
export type WrapperShape = z.infer<typeof wrapperSchema>;
