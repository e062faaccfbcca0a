import type { JsonValue } from "../../json/exact.ts";
import { isWidget, type CatalogInput, type InputSpec } from "../catalog/input-spec.ts";
import { controlWords, defaultOf, fitOf } from "./value-fit.ts";

/** An input that may have a widget. */
export interface WidgetInput {
  /** The key in the graph: dotted for the parts of dynamic inputs. */
  readonly key: string;
  readonly required: boolean;
  readonly spec: InputSpec;
  /** The name the class gives it, which decides whether a seed has a control. */
  readonly name: string;
}

/** The saved values of one node and what decides how they are read. */
export interface SavedWidgets {
  readonly inputs: readonly WidgetInput[];
  readonly values: readonly JsonValue[];
  /** Keys that a link feeds: their saved value does not count. */
  readonly linked: ReadonlySet<string>;
  /** Keys that the node has a socket for. */
  readonly sockets: ReadonlySet<string>;
}

/**
 * One way in which front ends have written the list (comfyui-protocol.md §4.3).
 * - `control`: what follows a seed: `by_word` whenever it is a control word, or always, or never
 * - `uploadFirst`: the upload button stands between the required and the optional inputs, not at the end
 * - `dummies`: inputs that are sockets only have an entry too
 * - `skipHoles`: a null that the input cannot take is the place of a widget that is not saved
 */
export interface WidgetLayout {
  readonly control: "by_word" | "always" | "never";
  readonly uploadFirst: boolean;
  readonly dummies: boolean;
  readonly skipHoles: boolean;
}

/** What a list says when it is read by one layout. */
export interface WidgetReading {
  readonly values: ReadonlyMap<string, JsonValue>;
  /** Without an entry. */
  readonly missing: readonly WidgetInput[];
  /** With an entry that cannot be theirs. */
  readonly misfits: readonly { readonly input: WidgetInput; readonly value: JsonValue }[];
  /** How many entries suit their input in kind only. */
  readonly loose: number;
  /** Entries beyond the last input. */
  readonly surplus: readonly JsonValue[];
}

export function widgetInputs(inputs: readonly CatalogInput[], prefix = ""): WidgetInput[] {
  return inputs.map((input) => ({ key: `${prefix}${input.name}`, required: input.required, spec: input.spec, name: input.name }));
}

/** Whether the front end puts a control behind the input: “what to do with the value after the run”. */
export function hasControl(input: WidgetInput): boolean {
  const { spec } = input;
  if (spec.kind === "combo") return spec.controlAfterGenerate !== undefined && spec.controlAfterGenerate !== false;
  if (spec.kind !== "int") return false;
  return spec.controlAfterGenerate === undefined ? input.name === "seed" || input.name === "noise_seed" : spec.controlAfterGenerate !== false;
}

function isPlain(spec: InputSpec): boolean {
  return isWidget({ ...spec, forceInput: false });
}

/** Reads the list from its first entry to its last by `layout`. */
export function readByLayout(saved: SavedWidgets, layout: WidgetLayout): WidgetReading {
  const values = new Map<string, JsonValue>();
  const missing: WidgetInput[] = [];
  const misfits: { input: WidgetInput; value: JsonValue }[] = [];
  let loose = 0;
  let at = 0;

  const peek = () => saved.values[at];

  const skipControl = (input: WidgetInput) => {
    if (!hasControl(input) || layout.control === "never") return;
    const entries = input.spec.kind === "combo" ? 2 : 1;
    const first = peek();
    if (layout.control === "by_word") {
      if (!controlWords.has(first)) return;
      at += 1;
      const filter = peek();
      if (entries === 2 && (filter === "" || filter === null)) at += 1;
      return;
    }
    // Long ago the control was a switch.
    if (first !== undefined && !controlWords.has(first) && typeof first !== "boolean" && first !== null) misfits.push({ input, value: first });
    at += entries;
  };

  const take = (input: WidgetInput): JsonValue | undefined => {
    const linked = saved.linked.has(input.key);
    if (layout.skipHoles && !linked && fitOf(input.spec, null) === "no") while (peek() === null) at += 1;
    const value = peek();
    if (value === undefined) {
      missing.push(input);
      const given = defaultOf(input.spec);
      if (given !== undefined) values.set(input.key, given);
      return given;
    }
    at += 1;
    values.set(input.key, value);
    const fit = fitOf(input.spec, value);
    if (fit === "no" && !linked) misfits.push({ input, value });
    if (fit !== "full") loose += 1;
    return value;
  };

  const walk = (inputs: readonly WidgetInput[]) => {
    for (const input of inputs) {
      const { spec, key } = input;
      if (isWidget(spec)) {
        const value = take(input);
        skipControl(input);
        if (spec.kind === "dynamic_combo") walk(widgetInputs(spec.choices.find((choice) => choice.key === value)?.inputs ?? [], `${key}.`));
      } else if (layout.dummies && spec.forceInput && isPlain(spec)) {
        at += 1;
      } else if (spec.kind === "autogrow" && isWidget(spec.template)) {
        const { template } = spec;
        const slots = spec.slotNames.filter((slot, index) => index < spec.min || saved.sockets.has(`${key}.${slot}`));
        walk(slots.map((slot) => ({ key: `${key}.${slot}`, required: false, spec: template, name: slot })));
      } else if (spec.kind === "dynamic_slot" && saved.linked.has(key)) {
        walk(widgetInputs(spec.inputs, `${key}.`));
      } else if (spec.kind === "dynamic_group") {
        for (let row = 0; row < spec.max; row += 1) {
          const fields = widgetInputs(spec.fields, `${key}.${row}.`);
          if (row < spec.min || fields.some((field) => saved.sockets.has(field.key))) walk(fields);
        }
      }
    }
  };

  if (layout.uploadFirst) {
    walk(saved.inputs.filter((input) => input.required));
    at += 1;
    walk(saved.inputs.filter((input) => !input.required));
  } else {
    walk(saved.inputs);
  }
  return { values, missing, misfits, loose, surplus: saved.values.slice(at) };
}

/** The layouts worth trying, the front end's own of today first. */
export function layoutsFor(saved: SavedWidgets): WidgetLayout[] {
  const controls = saved.inputs.some(hasControl) ? (["by_word", "always", "never"] as const) : (["by_word"] as const);
  const hasUpload = saved.inputs.some((input) => input.spec.kind === "combo" && input.spec.upload !== undefined);
  const uploads = hasUpload && saved.inputs.some((input) => !input.required && isWidget(input.spec)) ? [false, true] : [false];
  const dummies = saved.inputs.some((input) => input.spec.forceInput && isPlain(input.spec)) ? [false, true] : [false];
  const holes = saved.values.includes(null) ? [false, true] : [false];
  return controls.flatMap((control) =>
    uploads.flatMap((uploadFirst) => dummies.flatMap((dummy) => holes.map((skipHoles) => ({ control, uploadFirst, dummies: dummy, skipHoles })))),
  );
}
