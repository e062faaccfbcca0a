import { z } from "zod";
import { stringifyJson, type JsonValue } from "../../json/exact.ts";
import { fileField } from "../field/catalog-field.ts";
import { integerField, numberField } from "../field/number-field.ts";
import type { WrapperInput } from "./wrapper-shape.ts";

/** A list of LoRAs without a bound of its own: more have no effect that anyone could tell. */
const maxLoras = 20;
const maxSeed = 2n ** 64n - 1n;

const modelFile = z.string().min(1);

/** By name, or as `{path}`, which forms that browse models send. */
const oneModel = z.union([modelFile, z.strictObject({ path: modelFile }).transform(({ path }) => path)], {
  error: "Must be the name of a model file, or {path}",
});

const modelPair = z.strictObject({ highNoisePath: modelFile, lowNoisePath: modelFile });

const loraPair = z
  .strictObject({ highNoisePath: modelFile.optional(), lowNoisePath: modelFile.optional(), strength: z.number().min(-100).max(100).default(1), enabled: z.boolean().default(true) })
  .refine(({ highNoisePath, lowNoisePath }) => highNoisePath !== undefined || lowNoisePath !== undefined, { error: "Needs highNoisePath or lowNoisePath" });

/** `true` and 0 switch a node on; `false` and ComfyUI's modes 2 (muted) and 4 (bypassed) off. */
const modeToggle = z
  .union([z.boolean(), z.literal([0, 2, 4])], { error: "Must be true or false (or a mode: 0 on, 2 or 4 off)" })
  .transform((value) => value === true || value === 0);

/** −1 asks for a drawn seed, as leaving it out does. */
const seed = z
  .union([z.int().min(-1), z.bigint().min(-1n).max(maxSeed)], { error: `Must be a whole number from 0 to ${maxSeed}, or -1 for any` })
  .transform((value) => (value === -1 || value === -1n ? undefined : value));

function isWhole(value: number | bigint | undefined): boolean {
  return typeof value !== "number" || Number.isInteger(value);
}

/** From `min` in steps, as a slider moves; with a little room for floats. */
function isOnStep(value: number, min: number, step: number): boolean {
  const steps = (value - min) / step;
  return Math.abs(steps - Math.round(steps)) < 1e-6;
}

function amountField({ min, max, step, default: byDefault }: WrapperInput): z.ZodType {
  const start = Number(min ?? 0);
  const field = isWhole(step ?? 0.5) && isWhole(min) && isWhole(max) ? integerField({ min, max }) : numberField({ min: min === undefined ? undefined : Number(min), max: max === undefined ? undefined : Number(max) });
  // An author whose own default is between the steps does not mean them as a rule.
  if (step === undefined || step === 1 || (typeof byDefault === "number" && !isOnStep(byDefault, start, step))) return field;
  return field
    .refine((value) => typeof value === "bigint" || isOnStep(value, start, step), { error: `Must be a multiple of ${step}${start === 0 ? "" : ` above ${start}`}` })
    .meta(isOnStep(start, 0, step) ? { multipleOf: step } : { "x-step": step });
}

function textField({ max_length: maxLength, required, type, default: byDefault }: WrapperInput): z.ZodType {
  const bounded = maxLength === undefined ? z.string() : z.string().max(maxLength, { error: `Must be at most ${maxLength} characters` });
  const field = required && byDefault === undefined ? bounded.min(1, { error: "Must not be empty" }) : bounded;
  return type === "textarea" ? field.meta({ "x-multiline": true }) : field;
}

function typedField(input: WrapperInput): z.ZodType {
  switch (input.type) {
    case "text":
    case "textarea":
      return textField(input);
    case "slider":
    case "number":
      return amountField(input);
    case "seed":
      return seed;
    case "select":
      return z.literal((input.options ?? []).map(({ value }) => value), { error: `Must be one of: ${(input.options ?? []).map(({ value }) => String(value)).join(", ")}` });
    case "checkbox":
      return z.boolean();
    case "image":
      return fileField("image", input.description);
    case "single_model":
      return oneModel;
    case "high_low_pair_model":
      return modelPair;
    case "high_low_pair_lora_list":
      return z.array(loraPair).max(input.max_items ?? maxLoras);
    case "node_mode_toggle":
      return modeToggle;
  }
}

/** The value that the field itself would make of the wrapper's default; undefined: it has none. */
export function wrapperDefault(input: WrapperInput): JsonValue | undefined {
  const { type, default: byDefault, default_high: high, default_low: low } = input;
  if (type === "high_low_pair_model") return high === undefined || low === undefined ? undefined : { highNoisePath: high, lowNoisePath: low };
  if (type === "image") return undefined;
  if (byDefault === null || byDefault === undefined) return type === "high_low_pair_lora_list" ? [] : undefined;
  if (type === "node_mode_toggle") return byDefault === true || byDefault === 0;
  return type === "seed" && (byDefault === -1 || byDefault === -1n) ? undefined : byDefault;
}

/** Why the wrapper's default is no value of its own field; null when it is. */
export function defaultFault(input: WrapperInput): string | null {
  if (input.type === "select" && input.options === undefined) return "a select needs options";
  const byDefault = input.type === "node_mode_toggle" ? input.default : wrapperDefault(input);
  if (byDefault === undefined || byDefault === null) return null;
  const parsed = typedField(input).safeParse(byDefault);
  return parsed.success ? null : `its default is not allowed by itself: ${parsed.error.issues[0]?.message ?? "invalid"}`;
}

const changing: ReadonlySet<WrapperInput["type"]> = new Set(["single_model", "node_mode_toggle"]);

/**
 * @param byDefault what is used when the input is left out; undefined: nothing is set
 * @param isNeeded whether it must be sent
 */
export function wrapperField(input: WrapperInput, byDefault: JsonValue | undefined, isNeeded: boolean): z.ZodType {
  const field = typedField(input);
  const own = field.meta() ?? {};
  const condition = input.depends_on ?? null;
  const used = condition === null ? "" : ` Used only when ${condition.field} is ${stringifyJson(condition.value)}.`;
  const about = `${typeof own["description"] === "string" ? own["description"] : (input.description ?? input.label ?? input.id)}${used}`;
  const meta = { ...own, ...(input.label === undefined ? {} : { title: input.label }), description: about };
  if (input.type === "seed") return (byDefault === undefined ? field.optional() : field.prefault(byDefault)).meta({ ...meta, "x-seed": true });
  // Where a field changes what is sent, only a default that goes through it as if it were sent is told to callers.
  if (byDefault !== undefined) return (changing.has(input.type) ? field.prefault(byDefault) : field.default(byDefault)).meta(meta);
  return isNeeded ? field.meta(meta) : field.optional().meta(meta);
}
