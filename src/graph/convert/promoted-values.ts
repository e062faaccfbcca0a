import { stringifyJson, type JsonValue } from "../../json/exact.ts";
import type { Catalog } from "../catalog.ts";
import { isWidget } from "../catalog/input-spec.ts";
import type { ConversionProblem } from "./conversion-report.ts";
import type { GuiExport, GuiInput, GuiLink, GuiNode, SubgraphDefinition } from "./export-model.ts";
import { isList, idOf, listOf } from "./read-export.ts";
import { executionId, type Scope } from "./scope.ts";
import { hasControl, widgetInputs } from "./widget-layout.ts";
import { readWidgetValues } from "./widget-values.ts";

/** Where a link from a subgraph's input ends inside. */
interface Inner {
  readonly node: GuiNode;
  readonly input: GuiInput;
}

/** The id that stands for the instance itself in `proxyWidgets`. */
const ownId = "-1";

/**
 * The values that an instance of a subgraph holds for its own inputs (comfyui-protocol.md §4.5). Three generations of
 * front ends saved them differently; whatever an instance does not hold stays with the node inside.
 */
export class PromotedValues {
  readonly #file: GuiExport;
  readonly #catalog: Catalog;
  readonly #problems: ConversionProblem[];
  readonly #values = new Map<Scope, ReadonlyMap<number, JsonValue>>();
  readonly #inward = new Map<SubgraphDefinition, ReadonlyMap<number, readonly GuiLink[]>>();

  constructor(file: GuiExport, catalog: Catalog, problems: ConversionProblem[]) {
    this.#file = file;
    this.#catalog = catalog;
    this.#problems = problems;
  }

  /** The value for input `slot` of the instance whose inside is `scope`; `undefined`: it holds none. */
  valueOf(scope: Scope, slot: number): JsonValue | undefined {
    const known = this.#values.get(scope);
    if (known !== undefined) return known.get(slot);
    const values = new Map([...this.#read(scope)].filter(([, value]) => value !== null));
    this.#values.set(scope, values);
    return values.get(slot);
  }

  #read(scope: Scope): ReadonlyMap<number, JsonValue> {
    const { host } = scope;
    if (host === undefined || !this.#file.definitions.has(host.node.type)) return new Map();
    const { node, definition } = host;
    const values = isList(node.values) ? node.values : [];
    const proxies = node.properties["proxyWidgets"];
    const promoted = this.#promotedSlots(definition, node);
    if (values.length === 0) return this.#byName(scope, node);
    if (!isList(proxies)) return this.#inOrder(definition, promoted, values);
    const entries = proxies.map((entry) => ({ id: idOf(listOf(entry)[0]), name: listOf(entry)[1] }));
    if (entries.some((entry) => entry.id === ownId)) {
      const found = new Map<number, JsonValue>();
      entries.forEach((entry, index) => {
        const slot = definition.inputs.findIndex((input) => input.name === entry.name);
        const value = values[index];
        if (entry.id === ownId && slot >= 0 && value !== undefined) found.set(slot, value);
      });
      return found;
    }
    // Every entry is a view of a widget inside. What no entry shows is the instance's own, and comes first in the list.
    const own = promoted.filter((slot) => !this.#inner(definition, slot).some((inner) => entries.some((entry) => isViewOf(entry, inner))));
    if (own.length === 0) this.#compareViews(scope, entries, values);
    return this.#inOrder(definition, own, values);
  }

  #byName(scope: Scope, node: GuiNode): ReadonlyMap<number, JsonValue> {
    const named = node.namedValues ?? (isList(node.values) ? undefined : node.values);
    const inputs = scope.host?.definition.inputs ?? [];
    return new Map(inputs.flatMap((input, slot) => {
      const value = named !== undefined && Object.hasOwn(named, input.name) ? named[input.name] : undefined;
      return value === undefined ? [] : [[slot, value] as const];
    }));
  }

  #inOrder(definition: SubgraphDefinition, slots: readonly number[], values: readonly JsonValue[]): ReadonlyMap<number, JsonValue> {
    const found = new Map<number, JsonValue>();
    // A list that is longer holds an entry for the control of a seed too.
    const withControls = values.length > slots.length;
    let at = 0;
    for (const slot of slots) {
      const value = values[at];
      if (value !== undefined) found.set(slot, value);
      at += withControls && this.#hasControl(definition, slot) ? 2 : 1;
    }
    return found;
  }

  /** The inputs of a definition that lead to a widget, in the order the instance lists its values in. */
  #promotedSlots(definition: SubgraphDefinition, node: GuiNode): number[] {
    const slots = [...definition.inputs.keys()].filter((slot) => this.#leadsToWidget(definition, slot, new Set()));
    const order = new Map(node.inputs.map((input, index) => [input.name, index]));
    const names = slots.map((slot) => definition.inputs[slot]?.name ?? "");
    // An instance that lists all of them may have them in an order of its own.
    if (!names.every((name) => order.has(name))) return slots;
    return slots.toSorted((a, b) => (order.get(definition.inputs[a]?.name ?? "") ?? 0) - (order.get(definition.inputs[b]?.name ?? "") ?? 0));
  }

  #inner(definition: SubgraphDefinition, slot: number): Inner[] {
    let bySlot = this.#inward.get(definition);
    if (bySlot === undefined) {
      const inward = [...definition.graph.links.values()].filter((link) => link.originId === definition.inputNodeId);
      bySlot = Map.groupBy(inward, (link) => link.originSlot);
      this.#inward.set(definition, bySlot);
    }
    return (bySlot.get(slot) ?? []).flatMap((link) => {
      const node = definition.graph.nodeById.get(link.targetId);
      const input = node?.inputs.find((candidate) => candidate.link === link.id);
      return node === undefined || input === undefined ? [] : [{ node, input }];
    });
  }

  #leadsToWidget(definition: SubgraphDefinition, slot: number, seen: Set<SubgraphDefinition>): boolean {
    if (seen.has(definition)) return false;
    const below = new Set([...seen, definition]);
    return this.#inner(definition, slot).some(({ node, input }) => {
      const nested = this.#file.definitions.get(node.type);
      if (nested !== undefined) {
        const inside = nested.inputs.findIndex((candidate) => candidate.name === input.name);
        return inside >= 0 && this.#leadsToWidget(nested, inside, below);
      }
      const declared = this.#catalog.classes.get(node.type)?.inputs.find((candidate) => candidate.name === input.name);
      return input.widget !== undefined || (declared !== undefined && isWidget(declared.spec));
    });
  }

  #hasControl(definition: SubgraphDefinition, slot: number, depth = 0): boolean {
    return this.#inner(definition, slot).some(({ node, input }) => {
      const nested = this.#file.definitions.get(node.type);
      const inside = nested?.inputs.findIndex((candidate) => candidate.name === input.name) ?? -1;
      if (nested !== undefined) return depth < 10 && inside >= 0 && this.#hasControl(nested, inside, depth + 1);
      const inputs = widgetInputs(this.#catalog.classes.get(node.type)?.inputs ?? []);
      return inputs.some((candidate) => candidate.key === input.name && hasControl(candidate));
    });
  }

  /** Views share the value inside, so a list that says otherwise is of a front end that nobody can tell from the file. */
  #compareViews(scope: Scope, entries: readonly { readonly id: string | undefined; readonly name: JsonValue | undefined }[], values: readonly JsonValue[]): void {
    const { host } = scope;
    if (host === undefined) return;
    entries.forEach((entry, index) => {
      const inside = host.definition.graph.nodeById.get(entry.id ?? "");
      const nodeClass = inside === undefined ? undefined : this.#catalog.classes.get(inside.type);
      const given = values[index];
      if (inside === undefined || nodeClass === undefined || typeof entry.name !== "string" || given === undefined || given === null) return;
      const shared = readWidgetValues(inside, nodeClass).values.get(plainName(entry.name));
      if (shared === undefined || stringifyJson({ value: shared }) === stringifyJson({ value: given })) return;
      this.#problems.push({
        kind: "ambiguous",
        nodeId: executionId(host.scope, host.node),
        classType: host.node.type,
        input: entry.name,
        message: `The instance of “${host.definition.name}” and the node ${inside.id} inside have different values for “${entry.name}”; the one inside was taken.`,
      });
    });
  }
}

/** Names in old files carry the id of the node they come from: `12: seed`. */
function plainName(name: string): string {
  return name.replace(/^\s*(?:\d+\s*:\s*)+/, "");
}

function isViewOf(entry: { readonly id: string | undefined; readonly name: JsonValue | undefined }, inner: Inner): boolean {
  if (entry.id !== inner.node.id || typeof entry.name !== "string") return false;
  const name = plainName(entry.name);
  return name === inner.input.name || name === inner.input.widget || entry.name === inner.input.name;
}
