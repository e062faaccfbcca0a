import { isJsonObject, type JsonObject } from "../json/exact.ts";
import { integerRange, propertiesOf, resolveNode } from "./schema-node.ts";

const seedNames: ReadonlySet<string> = new Set(["seed", "noise_seed"]);

/**
 * Top-level integers that are drawn when absent: those named like ComfyUI's seeds or marked with `x-seed`, unless
 * they have a default, which is then the author's choice of a fixed seed.
 *
 * @throws {Error} in words for the module's author, when a mark is on something else than an integer
 */
export function seedFieldsOf(schema: JsonObject): readonly string[] {
  return Object.entries(propertiesOf(schema)).flatMap(([name, property]) => {
    const node = resolveNode(schema, property);
    const isMarked = node["x-seed"] === true;
    if (!isMarked && !seedNames.has(name)) return [];
    if (integerRange(schema, property) === null) {
      if (isMarked) throw new Error(`Field ${name}: "x-seed" is for an integer`);
      return [];
    }
    const hasDefault = node["default"] !== undefined || (isJsonObject(property) && property["default"] !== undefined);
    return hasDefault ? [] : [name];
  });
}

/** Seeds need not be sent, whatever the module's own schema says about them. */
export function withOptionalSeeds(schema: JsonObject, seedFields: readonly string[]): JsonObject {
  const { required, ...rest } = schema;
  if (!Array.isArray(required)) return schema;
  const left = required.filter((name) => typeof name !== "string" || !seedFields.includes(name));
  return left.length === 0 ? rest : { ...rest, required: left };
}

/** A drawn seed stays below 2^53, so that every JSON reader that gets it back keeps it exact. */
const maxDrawnSeed = 2n ** 53n - 1n;

/** From where to where a seed field is drawn, both included: its own range, without negatives where it can be. */
export function drawRange(schema: JsonObject, field: string): { readonly min: bigint; readonly max: bigint } {
  const range = integerRange(schema, propertiesOf(schema)[field]) ?? { min: 0n, max: maxDrawnSeed };
  const min = range.min > 0n || range.max < 0n ? range.min : 0n;
  return { min, max: min < maxDrawnSeed && range.max > maxDrawnSeed ? maxDrawnSeed : range.max };
}
