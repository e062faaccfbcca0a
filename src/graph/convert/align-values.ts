import type { JsonValue } from "../../json/exact.ts";
import { isWidget } from "../catalog/input-spec.ts";
import { controlWords, defaultOf, fitOf } from "./value-fit.ts";
import type { SavedWidgets, WidgetInput } from "./widget-layout.ts";

/** An assignment of saved values to inputs that keeps the order of both. */
export interface Alignment {
  readonly values: ReadonlyMap<string, JsonValue>;
  readonly defaulted: readonly WidgetInput[];
  /** No other assignment is as good, and every saved value has its place. */
  readonly unique: boolean;
}

interface Best {
  /** Inputs left without a value count far more than values that suit in kind only. */
  readonly cost: number;
  readonly ways: number;
  readonly step: "take" | "noise" | "skip" | "end";
}

const unreachable = 1e9;
const skipCost = 1000;
/** A list longer than this is no list of widgets; the table of all assignments would be too large. */
const maxValues = 1000;

function isNoise(value: JsonValue): boolean {
  return value === null || value === "" || value === "image" || controlWords.has(value);
}

function takeCost(saved: SavedWidgets, input: WidgetInput, value: JsonValue): number {
  if (saved.linked.has(input.key)) return 1;
  const fit = fitOf(input.spec, value);
  return fit === "full" ? 0 : fit === "loose" ? 1 : unreachable;
}

/**
 * Finds the cheapest assignment of a list whose length fits no known layout (comfyui-protocol.md §4.3, “align by type”):
 * a control word where no input takes it is a control, and inputs may be missing.
 * `undefined` when some value suits no input, or the class has inputs that depend on values.
 */
export function alignByType(saved: SavedWidgets): Alignment | undefined {
  const inputs = saved.inputs.filter((input) => isWidget(input.spec));
  const { values } = saved;
  if (inputs.some((input) => input.spec.kind === "dynamic_combo") || values.length > maxValues) return undefined;
  // table[i][v]: the best of inputs from i on with values from v on.
  const table: Best[][] = Array.from({ length: inputs.length + 1 }, () => []);
  const at = (i: number, v: number): Best => table[i]?.[v] ?? { cost: unreachable, ways: 0, step: "end" };
  for (let i = inputs.length; i >= 0; i -= 1) {
    for (let v = values.length; v >= 0; v -= 1) {
      const [input, value] = [inputs[i], values[v]];
      const options: Best[] = [];
      if (input === undefined && value === undefined) options.push({ cost: 0, ways: 1, step: "end" });
      if (input !== undefined && value !== undefined) {
        const rest = at(i + 1, v + 1);
        options.push({ cost: takeCost(saved, input, value) + rest.cost, ways: rest.ways, step: "take" });
      }
      if (value !== undefined && isNoise(value)) options.push({ cost: at(i, v + 1).cost, ways: at(i, v + 1).ways, step: "noise" });
      if (input !== undefined) options.push({ cost: skipCost + at(i + 1, v).cost, ways: at(i + 1, v).ways, step: "skip" });
      const cost = Math.min(unreachable, ...options.map((option) => option.cost));
      const best = options.filter((option) => option.cost === cost && option.cost < unreachable);
      const ways = Math.min(2, best.reduce((sum, option) => sum + option.ways, 0));
      const row = table[i];
      if (row !== undefined) row[v] = { cost, ways, step: best[0]?.step ?? "end" };
    }
  }
  if (at(0, 0).cost >= unreachable) return undefined;
  const assigned = new Map<string, JsonValue>();
  const defaulted: WidgetInput[] = [];
  for (let i = 0, v = 0; i < inputs.length || v < values.length; ) {
    const { step } = at(i, v);
    const [input, value] = [inputs[i], values[v]];
    if (step === "end") break;
    if (step === "noise") {
      v += 1;
      continue;
    }
    if (input !== undefined && step === "take" && value !== undefined) assigned.set(input.key, value);
    if (input !== undefined && step === "skip") {
      const given = defaultOf(input.spec);
      if (given !== undefined) assigned.set(input.key, given);
      defaulted.push(input);
    }
    i += 1;
    if (step === "take") v += 1;
  }
  return { values: assigned, defaulted, unique: at(0, 0).ways === 1 && defaulted.length === 0 };
}
