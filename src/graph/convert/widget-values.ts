import { stringifyJson, type JsonObject, type JsonValue } from "../../json/exact.ts";
import type { NodeClass } from "../catalog.ts";
import { isWidget } from "../catalog/input-spec.ts";
import { alignByType } from "./align-values.ts";
import type { GuiNode } from "./export-model.ts";
import { readPackWidgets } from "./pack-widgets.ts";
import { isList } from "./read-export.ts";
import { controlWords, defaultOf } from "./value-fit.ts";
import { layoutsFor, readByLayout, widgetInputs, type SavedWidgets, type WidgetInput, type WidgetReading } from "./widget-layout.ts";

export interface ValueProblem {
  readonly kind: "ambiguous" | "dropped";
  readonly input?: string;
  readonly message: string;
}

/** The values of a node's widgets, by the key they have in a graph. */
export interface WidgetValues {
  readonly values: ReadonlyMap<string, JsonValue>;
  readonly defaulted: readonly string[];
  readonly problems: readonly ValueProblem[];
}

/** What the messages need of a class. */
export type ClassLabel = Pick<NodeClass, "name" | "packFolder">;

const adviceToExport = "Export the workflow in API format instead (“Export (API)”), or save it again in a newer ComfyUI.";

/** What buttons leave in a list. */
const buttonValues: ReadonlySet<JsonValue> = new Set([null, "", "image", "video", "audio", "refresh"]);

/** Entries of buttons and controls, which no graph holds. */
function isLeftover(value: JsonValue): boolean {
  return buttonValues.has(value) || controlWords.has(value);
}

/** Text, pictures and switches that a display behind the last input keeps; the front end never reads them back into a graph's inputs. */
function isPreview(value: JsonValue, isCore: boolean): boolean {
  if (Array.isArray(value)) return true;
  return isCore && (typeof value === "object" || typeof value === "boolean" || (typeof value === "string" && /\s/.test(value)));
}

function shown(value: JsonValue): string {
  const text = stringifyJson({ value }).slice(9, -1);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function sameValues(a: WidgetReading, b: WidgetReading): boolean {
  return stringifyJson(Object.fromEntries(a.values)) === stringifyJson(Object.fromEntries(b.values));
}

/** Lower is better: every entry used, nothing missing, everything of the right kind. */
function rank(reading: WidgetReading): number {
  const meaningful = reading.surplus.filter((value) => !isLeftover(value)).length;
  return (meaningful + reading.missing.length) * 1000 + reading.loose;
}

function surplusProblems(nodeClass: ClassLabel, reading: WidgetReading): ValueProblem[] {
  const meaningful = reading.surplus.filter((value) => !isLeftover(value));
  const first = meaningful[0];
  if (first === undefined) return [];
  const { packFolder } = nodeClass;
  if (reading.loose === 0 && reading.misfits.length === 0 && meaningful.every((value) => isPreview(value, packFolder === undefined))) return [];
  const message = `The export holds ${meaningful.length} more values than ${nodeClass.name} has inputs for, the first of them ${shown(first)}. ${adviceToExport}`;
  return [{ kind: "dropped", message }];
}

/** A choice that the export does not make and the class has no default for. */
function unmadeChoices(nodeClass: ClassLabel, inputs: readonly WidgetInput[]): ValueProblem[] {
  return inputs
    .filter(({ spec, required }) => required && (spec.kind === "combo" || spec.kind === "dynamic_combo") && defaultOf(spec) === undefined)
    .map(({ key }) => ({ kind: "ambiguous", input: key, message: `The export has no value for “${key}” of ${nodeClass.name}, and this catalog lists nothing to choose from.` }));
}

function misfitProblems(nodeClass: ClassLabel, reading: WidgetReading): ValueProblem[] {
  return reading.misfits.map(({ input, value }) => ({
    kind: "ambiguous",
    input: input.key,
    message: `The saved values do not match the inputs of ${nodeClass.name} in this catalog: ${shown(value)} cannot be “${input.key}” (${input.spec.kind}). ${adviceToExport}`,
  }));
}

/** Reads a list of values in whichever known layout suits it, else by types, and says what remains doubtful. */
export function readValueList(nodeClass: ClassLabel, saved: SavedWidgets): WidgetValues {
  const readings = layoutsFor(saved).map((layout) => readByLayout(saved, layout));
  const canonical = readings[0];
  const fitting = readings.filter((reading) => reading.misfits.length === 0).map((reading) => ({ reading, cost: rank(reading) }));
  const cheapest = fitting.reduce<(typeof fitting)[number] | undefined>((best, next) => (best === undefined || next.cost < best.cost ? next : best), undefined);
  if (cheapest !== undefined) {
    const { reading } = cheapest;
    const rival = fitting.find((other) => other.cost === cheapest.cost && !sameValues(other.reading, reading));
    const problems = [...surplusProblems(nodeClass, reading), ...unmadeChoices(nodeClass, reading.missing)];
    if (rival !== undefined) {
      problems.push({ kind: "ambiguous", message: `The saved values of ${nodeClass.name} can be read in two ways. ${adviceToExport}` });
    }
    return { values: reading.values, defaulted: reading.missing.map((input) => input.key), problems };
  }
  const aligned = alignByType(saved);
  if (aligned !== undefined) {
    const message = `The saved values of ${nodeClass.name} are of another version of it; they were matched to its inputs by their types. ${adviceToExport}`;
    return {
      values: aligned.values,
      defaulted: aligned.defaulted.map((input) => input.key),
      problems: aligned.unique ? [] : [{ kind: "ambiguous", message }],
    };
  }
  if (canonical === undefined) return { values: new Map(), defaulted: [], problems: [] };
  return {
    values: canonical.values,
    defaulted: canonical.missing.map((input) => input.key),
    problems: [...misfitProblems(nodeClass, canonical), ...surplusProblems(nodeClass, canonical)],
  };
}

/** Names that buttons and controls have in objects of values. */
const pseudoNames = /^(upload|control_after_generate|control_before_generate|choose .* to upload|videopreview|\$\$.*)$/i;

/** Reads values that are saved by name. What is no input is passed on when it can only be a widget that a pack's JavaScript made. */
function readNamed(nodeClass: NodeClass, saved: SavedWidgets, named: JsonObject): WidgetValues {
  const values = new Map<string, JsonValue>();
  const defaulted: string[] = [];
  const missing: WidgetInput[] = [];
  const known = new Set<string>();
  const walk = (inputs: readonly WidgetInput[]) => {
    for (const input of inputs) {
      const { key, spec } = input;
      known.add(key);
      if (!isWidget(spec)) continue;
      const given = named[key];
      const value = given ?? defaultOf(spec);
      if (value !== undefined) values.set(key, value);
      if (given === undefined) {
        defaulted.push(key);
        missing.push(input);
      }
      if (spec.kind === "dynamic_combo") walk(widgetInputs(spec.choices.find((choice) => choice.key === value)?.inputs ?? [], `${key}.`));
    }
  };
  walk(saved.inputs);
  for (const [key, value] of Object.entries(named)) {
    if (value === undefined || known.has(key) || pseudoNames.test(key)) continue;
    const isPart = key.includes(".") && known.has(key.slice(0, key.indexOf(".")));
    if (isPart || (nodeClass.packFolder !== undefined && value !== null)) values.set(key, value);
  }
  return { values, defaulted, problems: unmadeChoices(nodeClass, missing) };
}

function hasKeysOf(inputs: readonly WidgetInput[], named: JsonObject): boolean {
  return inputs.some((input) => isWidget(input.spec) && Object.hasOwn(named, input.key));
}

/** Where list and names disagree the list is what the front end restores; tools outside may have left either behind. */
function reconcile(list: WidgetValues, named: WidgetValues, linked: ReadonlySet<string>): WidgetValues {
  if (list.problems.length > 0) return named;
  const values = new Map(list.values);
  const problems: ValueProblem[] = [];
  for (const [key, value] of named.values) {
    const other = list.values.get(key);
    if (other === undefined || (list.defaulted.includes(key) && !named.defaulted.includes(key))) {
      values.set(key, value);
    } else if (!linked.has(key) && !named.defaulted.includes(key) && stringifyJson({ value }) !== stringifyJson({ value: other })) {
      problems.push({ kind: "ambiguous", input: key, message: `The export has two values for “${key}”: ${shown(other)} in its list and ${shown(value)} by name; the list was taken.` });
    }
  }
  return { values, defaulted: list.defaulted.filter((key) => named.defaulted.includes(key)), problems };
}

/** Samplers were once called `sample_euler`; the front end still renames them when it loads a file. */
function withoutOldNames(classType: string, read: WidgetValues): WidgetValues {
  const sampler = read.values.get("sampler_name");
  if (!/^KSampler(Advanced)?$/.test(classType) || typeof sampler !== "string" || !sampler.startsWith("sample_")) return read;
  return { ...read, values: new Map([...read.values, ["sampler_name", sampler.slice("sample_".length)]]) };
}

/** Buttons of the 3D view, which are saved between its inputs. */
const viewerButtons: ReadonlySet<JsonValue> = new Set(["upload3dmodel", "uploadExtraResources", "clear"]);

function savedWidgets(node: GuiNode, nodeClass: NodeClass): SavedWidgets {
  const values = isList(node.values) ? node.values : [];
  const hasViewer = nodeClass.inputs.some(({ spec }) => spec.kind === "widget" && spec.widgetType.startsWith("LOAD_3D"));
  return {
    inputs: widgetInputs(nodeClass.inputs),
    values: hasViewer ? values.filter((value) => !viewerButtons.has(value)) : values,
    linked: new Set(node.inputs.filter((input) => input.link !== undefined).map((input) => input.name)),
    sockets: new Set(node.inputs.map((input) => input.name)),
  };
}

/** Reads the saved values of a node, in whichever form they are (comfyui-protocol.md §4.3). */
export function readWidgetValues(node: GuiNode, nodeClass: NodeClass): WidgetValues {
  const saved = savedWidgets(node, nodeClass);
  const named = node.namedValues !== undefined && hasKeysOf(saved.inputs, node.namedValues) ? readNamed(nodeClass, saved, node.namedValues) : undefined;
  if (node.values !== undefined && !isList(node.values)) return readNamed(nodeClass, saved, node.values);
  if (node.values === undefined) return named ?? readValueList(nodeClass, saved);
  const byPack = readPackWidgets(node.type, node.values);
  if (byPack !== undefined) return { values: byPack, defaulted: [], problems: [] };
  const list = withoutOldNames(node.type, readValueList(nodeClass, saved));
  return named === undefined ? list : reconcile(list, named, saved.linked);
}

/** The inputs whose value this catalog does not list among their options, where it lists any. */
export function unlistedOptions(nodeClass: NodeClass, values: ReadonlyMap<string, JsonValue>): string[] {
  return widgetInputs(nodeClass.inputs).flatMap(({ key, spec }) => {
    const value = values.get(key);
    if (spec.kind !== "combo" || value === undefined || spec.remoteRoute !== undefined || spec.multiselect) return [];
    return spec.options.length === 0 || spec.options.includes(value) ? [] : [key];
  });
}
