import { parseCatalog, type Catalog } from "../../graph/catalog.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../json/exact.ts";
import { isJsonArray, scalarText } from "../json-value.ts";

/**
 * Newer front ends list a socket for every widget of a node, in the order of its values. So an export itself tells
 * how the values of a class are called that the catalog does not know, or knows in another version. Taken only where
 * the list accounts for every value.
 */

const controlWords: ReadonlySet<JsonValue | undefined> = new Set(["fixed", "increment", "decrement", "randomize"]);
const plainTypes: ReadonlySet<string> = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"]);

type Declared = Readonly<Record<string, JsonValue>>;

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

/** Of the export and of every subgraph in it. */
function allNodes(gui: JsonObject): readonly JsonObject[] {
  const definitions = isJsonObject(gui["definitions"]) ? objects(gui["definitions"]["subgraphs"]) : [];
  return [...objects(gui["nodes"]), ...definitions.flatMap((definition) => objects(definition["nodes"]))];
}

function isWidgetSocket(input: JsonObject): boolean {
  return isJsonObject(input["widget"]);
}

/** Only a front end that lists every widget writes this name of a socket, for those that the class declares. */
function listsEveryWidget(nodes: readonly JsonObject[]): boolean {
  return nodes.some((node) => objects(node["inputs"]).some((input) => typeof input["localized_name"] === "string"));
}

function widgetSpec(type: string, hasControl: boolean): JsonValue {
  if (!plainTypes.has(type)) return ["*", { widgetType: type }];
  return [type, { ...(type === "COMBO" ? { options: [] } : {}), control_after_generate: hasControl }];
}

/** Name and spec of each widget when the values fit them, one for one; null when they do not. */
function widgetsOf(node: JsonObject, sockets: readonly JsonObject[]): Declared | null {
  const widgets = sockets.filter(isWidgetSocket);
  const values = node["widgets_values"];
  if (!isJsonArray(values)) return Object.fromEntries(widgets.map((input) => [scalarText(input["name"]), widgetSpec(scalarText(input["type"]), false)]));
  const declared: [string, JsonValue][] = [];
  let at = 0;
  for (const input of widgets) {
    const type = scalarText(input["type"]);
    const hasControl = type === "INT" && controlWords.has(values[at + 1]);
    declared.push([scalarText(input["name"]), widgetSpec(type, hasControl)]);
    at += hasControl ? 2 : 1;
  }
  // A node without any widget keeps there what it shows.
  return at === values.length || widgets.length === 0 ? Object.fromEntries(declared) : null;
}

function declare(node: JsonObject): JsonObject | null {
  const sockets = objects(node["inputs"]);
  const widgets = widgetsOf(node, sockets);
  if (widgets === null) return null;
  const names = sockets.map((input) => scalarText(input["name"]));
  const properties = isJsonObject(node["properties"]) ? node["properties"] : {};
  const pack = properties["cnr_id"] ?? properties["aux_id"] ?? "unknown";
  return {
    input: { required: Object.fromEntries(sockets.map((input) => [scalarText(input["name"]), widgets[scalarText(input["name"])] ?? [scalarText(input["type"])]])) },
    input_order: { required: names },
    output: objects(node["outputs"]).map((output) => scalarText(output["type"])),
    output_name: objects(node["outputs"]).map((output) => scalarText(output["name"])),
    python_module: `custom_nodes.${scalarText(pack)}`,
  };
}

function inputNames(declared: JsonObject): string {
  const order = declared["input_order"];
  return isJsonObject(order) && isJsonArray(order["required"]) ? order["required"].map(scalarText).toSorted().join("\0") : "";
}

export interface OwnClasses {
  readonly catalog: Catalog;
  /** The export without values that belong to no input. */
  readonly gui: JsonObject;
  /** Those that were taken from the export. */
  readonly names: readonly string[];
}

/** A node that has no widget keeps there the text it shows, and a graph has no place for it. Anything else may matter. */
function withoutShownValues(node: JsonObject): JsonObject {
  const values = node["widgets_values"];
  const isShown = isJsonArray(values) && values.every((value) => typeof value === "string" || value === null);
  return isShown && !objects(node["inputs"]).some(isWidgetSocket) ? { ...node, widgets_values: [] } : node;
}

/**
 * The catalog with what the export tells of some classes put over it.
 *
 * @param wanted names of classes that the catalog lacks, or that do not fit the export
 */
export function withOwnClasses(gui: JsonObject, catalog: Catalog, wanted: ReadonlySet<string>): OwnClasses {
  const nodes = allNodes(gui);
  if (!listsEveryWidget(nodes)) return { catalog, gui, names: [] };
  const byClass = Map.groupBy(nodes.filter((node) => wanted.has(scalarText(node["type"]))), (node) => scalarText(node["type"]));
  const own = [...byClass].flatMap(([name, same]): [string, JsonObject][] => {
    const declared = same.map(declare);
    const [first] = declared;
    const isSure = first !== null && first !== undefined && declared.every((each) => each !== null && inputNames(each) === inputNames(first));
    return isSure ? [[name, first]] : [];
  });
  const names = new Set(own.map(([name]) => name));
  const { catalog: told } = parseCatalog(Object.fromEntries(own));
  const cleaned = objects(gui["nodes"]).map((node) => (names.has(scalarText(node["type"])) ? withoutShownValues(node) : node));
  return { catalog: { ...catalog, classes: new Map([...catalog.classes, ...told.classes]) }, gui: { ...gui, nodes: cleaned }, names: [...names] };
}
