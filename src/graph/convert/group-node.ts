import type { JsonObject, JsonValue } from "../../json/exact.ts";
import type { Catalog } from "../catalog.ts";
import { isWidget, type InputSpec } from "../catalog/input-spec.ts";
import { graphOf, idOf, isList, listOf, objectOf, readNode, slotOf } from "./read-export.ts";
import type { GuiInput, GuiLink, GuiNode, SubgraphDefinition, SubgraphSlot } from "./export-model.ts";
import type { WidgetInput } from "./widget-layout.ts";
import { readValueList, type ValueProblem } from "./widget-values.ts";

/** A group node as a subgraph of its own, with the values that this instance holds for the widgets inside. */
export interface GroupInstance {
  readonly definition: SubgraphDefinition;
  /** By inner node id, then by input. */
  readonly overrides: ReadonlyMap<string, ReadonlyMap<string, JsonValue>>;
  readonly problems: readonly ValueProblem[];
}

const inputNodeId = "-10";
const outputNodeId = "-20";

interface Exposed {
  readonly innerId: string;
  readonly inputName: string;
  /** The name the group shows. */
  readonly name: string;
  readonly spec: InputSpec;
}

interface InnerInput {
  readonly name: string;
  readonly spec: InputSpec | undefined;
}

/** The group's own names are unique: a name met before gets the inner node's title in front. */
class Names {
  readonly #seen = new Map<string, number>();

  give(node: GuiNode, inputName: string, configured: string | undefined): string {
    const base = configured ?? inputName;
    const prefixed = this.#seen.has(base) || (node.type === "PrimitiveNode" && node.title !== undefined);
    const key = prefixed ? `${node.title ?? node.type} ${inputName}` : base;
    const count = this.#seen.get(key);
    this.#seen.set(key, (count ?? 1) + 1);
    return count === undefined ? key : `${node.title ?? node.type} ${count} ${inputName}`;
  }
}

function innerNodes(data: JsonObject): GuiNode[] {
  return listOf(data["nodes"]).flatMap((entry, index) => {
    const node = readNode(entry, String(index));
    return node === undefined ? [] : [{ ...node, id: String(index), inputs: node.inputs.map((input) => ({ ...input, link: undefined })) }];
  });
}

/** `[origin, slot, target, slot, …, type]` by index; an origin of null comes from outside and is exposed. */
function innerLinks(data: JsonObject): GuiLink[] {
  return listOf(data["links"]).flatMap((entry, index) => {
    const list = listOf(entry);
    const [originId, originSlot, targetId, targetSlot] = [idOf(list[0]), slotOf(list[1]), idOf(list[2]), slotOf(list[3])];
    if (originId === undefined || originSlot === undefined || targetId === undefined || targetSlot === undefined) return [];
    return [{ id: `inner ${index}`, originId, originSlot, targetId, targetSlot, type: "*" }];
  });
}

/** The inputs in the order in which the group exposes them: widgets, sockets, widgets that were made sockets. */
function orderedInputs(node: GuiNode, catalog: Catalog, isSocket: (input: GuiInput, slot: number) => boolean): { widgets: InnerInput[]; sockets: InnerInput[] } {
  const inputs = catalog.classes.get(node.type)?.inputs;
  if (inputs === undefined) return { widgets: [], sockets: node.inputs.map((input) => ({ name: input.name, spec: undefined })) };
  const made = new Set(node.inputs.filter((input, slot) => input.widget !== undefined && isSocket(input, slot)).map((input) => input.widget));
  const drawn = inputs.filter((input) => isWidget(input.spec));
  return {
    widgets: drawn.filter((input) => !made.has(input.name)),
    sockets: [...inputs.filter((input) => !isWidget(input.spec)), ...drawn.filter((input) => made.has(input.name))],
  };
}

/** Old files list the socket of a widget only where a person made one; newer ones list it for every widget. */
function listsEveryWidget(nodes: readonly GuiNode[], catalog: Catalog): boolean {
  return nodes.every((node) => {
    const drawn = (catalog.classes.get(node.type)?.inputs ?? []).some((input) => isWidget(input.spec));
    return !drawn || node.inputs.some((input) => input.widget !== undefined);
  });
}

function externalOutputs(data: JsonObject): Set<string> {
  return new Set(
    listOf(data["external"]).map((entry) => {
      const list = listOf(entry);
      const inner = objectOf(list[0]);
      return `${idOf(inner === undefined ? list[0] : inner["index"]) ?? ""} ${slotOf(list[1]) ?? ""}`;
    }),
  );
}

/** What the group's author chose to show; `undefined`: nothing was chosen. */
function visibility(config: JsonObject, part: "input" | "output", key: string): boolean | undefined {
  const chosen = objectOf(objectOf(config[part])?.[key])?.["visible"];
  return typeof chosen === "boolean" ? chosen : undefined;
}

/**
 * Unfolds an instance of a group node (comfyui-protocol.md §4.6, step 3).
 *
 * @param data `extra.groupNodes[name]`
 */
export function unfoldGroup(instance: GuiNode, data: JsonObject, catalog: Catalog): GroupInstance {
  const nodes = innerNodes(data);
  const links = innerLinks(data);
  const names = new Names();
  const inputs: SubgraphSlot[] = [];
  const outputs: SubgraphSlot[] = [];
  const shown: Exposed[] = [];
  const external = externalOutputs(data);
  const fed = new Map(links.map((link) => [`${link.targetId} ${link.targetSlot}`, link.id]));
  const used = new Set(links.map((link) => `${link.originId} ${link.originSlot}`));

  const everyWidget = listsEveryWidget(nodes, catalog);

  const unfolded = nodes.map((node) => {
    const config = objectOf(objectOf(data["config"])?.[node.id]) ?? {};
    const configured = (name: string) => {
      const given = objectOf(objectOf(config["input"])?.[name])?.["name"];
      return typeof given === "string" ? given : node.inputs.find((input) => input.name === name)?.name;
    };
    const { widgets, sockets } = orderedInputs(node, catalog, (_, slot) => !everyWidget || fed.has(`${node.id} ${slot}`));
    for (const { name, spec } of widgets) {
      if (spec !== undefined) shown.push({ innerId: node.id, inputName: name, name: names.give(node, name, configured(name)), spec });
    }
    const saved = new Map<string, GuiInput>(node.inputs.map((input, slot) => [input.name, { ...input, link: fed.get(`${node.id} ${slot}`) }]));
    for (const { name } of sockets) {
      const socket = saved.get(name) ?? { name, type: "*", link: undefined, widget: undefined };
      if (socket.link !== undefined || visibility(config, "input", name) === false) continue;
      const id = `into ${inputs.length}`;
      links.push({ id, originId: inputNodeId, originSlot: inputs.length, targetId: node.id, targetSlot: 0, type: socket.type });
      inputs.push({ name: names.give(node, name, configured(name)), type: socket.type });
      saved.set(name, { ...socket, link: id });
    }
    const given = catalog.classes.get(node.type)?.outputs ?? node.outputs;
    given.forEach((output, slot) => {
      const key = `${node.id} ${slot}`;
      if (!(visibility(config, "output", String(slot)) ?? (!used.has(key) || external.has(key)))) return;
      links.push({ id: `out ${outputs.length}`, originId: node.id, originSlot: slot, targetId: outputNodeId, targetSlot: outputs.length, type: output.type });
      outputs.push({ name: output.name, type: output.type });
    });
    return { ...node, inputs: [...saved.values()] };
  });

  // A widget of the group that was made a socket of the instance.
  const converted = new Map(instance.inputs.filter((input) => input.widget !== undefined && input.link !== undefined).map((input) => [input.widget, input]));
  const withSockets = unfolded.map((node) => {
    const extra = shown.filter((entry) => entry.innerId === node.id && converted.has(entry.name)).map((entry) => {
      const id = `into ${inputs.length}`;
      const type = converted.get(entry.name)?.type ?? "*";
      links.push({ id, originId: inputNodeId, originSlot: inputs.length, targetId: node.id, targetSlot: 0, type });
      inputs.push({ name: entry.name, type });
      return { name: entry.inputName, type, link: id, widget: entry.inputName };
    });
    const replaced = new Set(extra.map((input) => input.name));
    return { ...node, inputs: [...node.inputs.filter((input) => !replaced.has(input.name)), ...extra] };
  });

  const overrides = new Map<string, Map<string, JsonValue>>();
  const list: WidgetInput[] = shown.map((entry, index) => ({ key: String(index), required: true, spec: entry.spec, name: entry.inputName }));
  const values = isList(instance.values) ? instance.values : [];
  const read = readValueList({ name: instance.type, packFolder: undefined }, { inputs: list, values, linked: new Set(), sockets: new Set() });
  const unknown = nodes.some((node) => !catalog.classes.has(node.type) && isList(node.values) && node.values.length > 0 && node.type !== "Note");
  shown.forEach((entry, index) => {
    const value = read.values.get(String(index));
    if (value === undefined || read.defaulted.includes(String(index))) return;
    const inner = overrides.get(entry.innerId) ?? new Map<string, JsonValue>();
    overrides.set(entry.innerId, inner.set(entry.inputName, value));
  });
  const problems: ValueProblem[] = read.problems.map((problem) => ({ kind: problem.kind, message: problem.message }));
  if (unknown && problems.length === 0) {
    problems.push({ kind: "ambiguous", message: `The group node ${instance.type} holds a node whose class is not in the catalog, so its values cannot be told apart.` });
  }
  const definition: SubgraphDefinition = {
    id: instance.type,
    name: instance.type,
    graph: graphOf(withSockets, links),
    inputNodeId,
    outputNodeId,
    inputs,
    outputs,
  };
  return { definition, overrides, problems };
}
