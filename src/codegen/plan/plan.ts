import { z } from "zod";
import type { JsonObject } from "../../json/exact.ts";

/**
 * What a language model may decide about an endpoint: names, words, and which knobs matter. Everything else comes from the graph
 * and the catalog, and no member of a plan is ever printed as code.
 *
 * Every member is required and may be null instead of absent: that is what strict structured output can hold.
 */
const scalar = z.union([z.string(), z.number(), z.boolean()]);

const plannedParameterSchema = z.strictObject({
  candidate: z.string().describe("The key of the candidate this is about."),
  keep: z.boolean().describe("Whether callers can set it. A knob that is not kept stays as it is in the graph."),
  name: z.string().describe("Field name for callers: snake_case, short, unique."),
  description: z.string().describe("One or two sentences for callers: what it does and what to expect of it."),
  group: z.string().nullable().describe("Heading it stands under, such as Prompt, Size, Sampling; null for none."),
  default: scalar.nullable().describe("Value when the caller leaves it out; null keeps the graph's own value."),
  min: z.number().nullable().describe("Tighter lower bound of a number; null keeps the catalog's."),
  max: z.number().nullable().describe("Tighter upper bound of a number; null keeps the catalog's."),
  options: z.array(scalar).nullable().describe("The options to offer of a choice, out of the catalog's; null offers all."),
  required: z.boolean().describe("Whether the caller must send it. Then it has no default."),
});

export const planSchema = z.strictObject({
  id: z.string().nullable().describe("family/name of the endpoint in snake_case, such as qwen/txt2img; null when unsure."),
  summary: z.string().describe("One line, below 80 characters: what the endpoint does."),
  description: z.string().describe("Two to four sentences for callers: what it does, what it needs, what comes back."),
  parameters: z.array(plannedParameterSchema),
  outputs: z
    .array(z.strictObject({ node_id: z.string(), name: z.string().describe("What this output is, in a few words.") }))
    .describe("A name for each output node of the graph."),
});

export type Plan = z.infer<typeof planSchema>;
export type PlannedParameter = z.infer<typeof plannedParameterSchema>;

/** The schema as JSON Schema, for a model's structured output. */
export function planJsonSchema(): JsonObject {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(planSchema);
  // The hidden "~standard" member that zod hangs on the result stays behind.
  return z.record(z.string(), z.json()).parse(schema);
}
