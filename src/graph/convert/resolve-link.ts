import type { JsonValue } from "../../json/exact.ts";
import { bypassedMode, mutedMode, type BroadcastLink, type GuiExport, type GuiLink, type GuiNode } from "./export-model.ts";
import type { PromotedValues } from "./promoted-values.ts";
import { isList } from "./read-export.ts";
import { executionId, hostInput, type Scope } from "./scope.ts";
import { bypassInput, typesMeet } from "./slot-types.ts";

/**
 * Where an input gets its value from.
 * - `nothing`: from its own widget, if it has one
 * - `dead`: from a node that is not run, so the input is left out
 * - `broken`: the export contradicts itself
 */
export type Origin =
  | { readonly kind: "output"; readonly nodeId: string; readonly slot: number }
  | { readonly kind: "value"; readonly value: JsonValue }
  | { readonly kind: "nothing" }
  | { readonly kind: "dead" }
  | { readonly kind: "broken"; readonly message: string };

/** One step on the way up: either it ends, or it goes on at an input or at an output. */
type Step =
  | { readonly end: Origin; readonly openEnded?: boolean }
  | { readonly at: "input"; readonly scope: Scope; readonly node: GuiNode; readonly index: number; readonly held?: JsonValue }
  | { readonly at: "output"; readonly scope: Scope; readonly nodeId: string; readonly slot: number };

const nothing: Step = { end: { kind: "nothing" } };
const dead: Step = { end: { kind: "dead" } };

function broken(message: string): Step {
  return { end: { kind: "broken", message } };
}

function firstValue(node: GuiNode): JsonValue | undefined {
  return isList(node.values) ? node.values[0] : Object.values(node.values ?? {})[0];
}

/** Follows links to where values come from (comfyui-protocol.md §4.6, step 6). */
export class LinkResolver {
  readonly #promoted: PromotedValues;
  readonly #broadcasts: ReadonlyMap<string, BroadcastLink>;
  readonly #known = new Map<string, Origin>();
  readonly #setters = new Map<Scope, ReadonlyMap<JsonValue | undefined, GuiNode>>();
  readonly #exits = new Map<Scope, ReadonlyMap<number, GuiLink>>();

  constructor(file: GuiExport, promoted: PromotedValues) {
    this.#promoted = promoted;
    this.#broadcasts = new Map(file.broadcastLinks.map((link) => [`${link.targetId} ${link.targetSlot}`, link]));
  }

  /** The origin of the input `index` of `node`. Takes a step for each node on the way, and remembers them. */
  resolve(scope: Scope, node: GuiNode, index: number): Origin {
    const wanted = node.inputs[index]?.type ?? "*";
    const passed = new Set<string>();
    let heldBelow: JsonValue | undefined;
    let crossedHeld = false;
    let step: Step = { at: "input", scope, node, index };
    let origin: Origin | undefined;
    while (origin === undefined) {
      if ("end" in step) {
        origin = step.openEnded === true && heldBelow !== undefined ? { kind: "value", value: heldBelow } : step.end;
        break;
      }
      const place: string = step.at === "input" ? `${executionId(step.scope, step.node)} in ${step.index} ${wanted}` : `${step.scope.prefix}${step.nodeId} out ${step.slot} ${wanted}`;
      const known = this.#known.get(place);
      if (known !== undefined && !crossedHeld) {
        origin = known;
        break;
      }
      if (passed.has(place)) {
        origin = { kind: "broken", message: "Its links run in a circle." };
        break;
      }
      passed.add(place);
      step = step.at === "input" ? this.#fromInput(step.scope, step.node, step.index) : this.#fromOutput(step.scope, step.nodeId, step.slot, wanted);
      if ("at" in step && step.at === "input" && step.held !== undefined) {
        heldBelow = step.held;
        crossedHeld = true;
      } else if ("at" in step && step.at === "output") {
        heldBelow = undefined;
      }
    }
    if (!crossedHeld) for (const place of passed) this.#known.set(place, origin);
    return origin;
  }

  #fromInput(scope: Scope, node: GuiNode, index: number): Step {
    const input = node.inputs[index];
    if (input === undefined) return nothing;
    if (input.link === undefined) return this.#broadcast(scope, node, index) ?? nothing;
    const link = scope.graph.links.get(input.link);
    if (link === undefined) return broken(`Its link ${input.link} is not in the export.`);
    return this.#fromLink(scope, link);
  }

  #fromLink(scope: Scope, link: GuiLink): Step {
    const { host } = scope;
    if (host === undefined || link.originId !== host.definition.inputNodeId) {
      return { at: "output", scope, nodeId: link.originId, slot: link.originSlot };
    }
    const held = this.#promoted.valueOf(scope, link.originSlot);
    const outer = hostInput(host, link.originSlot);
    const index = outer === undefined ? -1 : host.node.inputs.indexOf(outer);
    if (outer === undefined || (outer.link === undefined && this.#broadcast(host.scope, host.node, index) === undefined)) {
      return held === undefined ? { end: { kind: "nothing" }, openEnded: true } : { end: { kind: "value", value: held } };
    }
    return { at: "input", scope: host.scope, node: host.node, index, ...(held === undefined ? {} : { held }) };
  }

  /** A link that cg-use-everywhere would make to an input that has none. */
  #broadcast(scope: Scope, node: GuiNode, index: number): Step | undefined {
    if (scope.host !== undefined) return undefined;
    const link = this.#broadcasts.get(`${node.id} ${index}`);
    if (link === undefined || !typesMeet(link.type, node.inputs[index]?.type ?? "*")) return undefined;
    return { at: "output", scope, nodeId: link.originId, slot: link.originSlot };
  }

  #fromOutput(scope: Scope, nodeId: string, slot: number, wanted: string): Step {
    const node = scope.graph.nodeById.get(nodeId);
    if (node === undefined) return broken(`Its link comes from node ${nodeId}, which is not in the export.`);
    const kind = scope.kinds.get(nodeId);
    if (node.mode === bypassedMode && kind !== "primitive") {
      const index = bypassInput(node.inputs, node.outputs[slot]?.type ?? "*", slot, wanted);
      return index === undefined ? nothing : { at: "input", scope, node, index };
    }
    switch (kind) {
      case "primitive": {
        const value = firstValue(node);
        return value === undefined ? nothing : { end: { kind: "value", value } };
      }
      case "relay":
      case "setter":
        return { at: "input", scope, node, index: node.inputs.length > slot ? slot : 0 };
      case "getter":
        return this.#fromGetter(scope, node);
      case "annotation":
        return nothing;
      case "subgraph":
      case "group":
        return node.mode === mutedMode ? dead : this.#intoSubgraph(scope, node, slot);
      case "real":
      case "unknown":
      case undefined:
        return node.mode === mutedMode ? dead : { end: { kind: "output", nodeId: executionId(scope, node), slot } };
    }
  }

  #fromGetter(scope: Scope, getter: GuiNode): Step {
    const name = firstValue(getter);
    for (let at: Scope | undefined = scope; at !== undefined; at = at.host?.scope) {
      const setter = this.#settersOf(at).get(name);
      if (setter !== undefined) return { at: "input", scope: at, node: setter, index: 0 };
    }
    return broken(`It comes from a ${getter.type} whose name no node sets${typeof name === "string" ? `: “${name}”` : ""}.`);
  }

  #settersOf(scope: Scope): ReadonlyMap<JsonValue | undefined, GuiNode> {
    let setters = this.#setters.get(scope);
    if (setters === undefined) {
      // The first of two with one name wins.
      const named = scope.graph.nodes.filter((node) => scope.kinds.get(node.id) === "setter").map((node) => [firstValue(node), node] as const);
      setters = new Map(named.toReversed());
      this.#setters.set(scope, setters);
    }
    return setters;
  }

  #intoSubgraph(scope: Scope, instance: GuiNode, slot: number): Step {
    const inside = scope.children.get(instance.id);
    // An instance that was left out because its definition holds itself.
    if (inside?.host === undefined) return dead;
    const link = this.#exitsOf(inside, inside.host.definition.outputNodeId).get(slot);
    return link === undefined ? nothing : this.#fromLink(inside, link);
  }

  #exitsOf(scope: Scope, outputNodeId: string): ReadonlyMap<number, GuiLink> {
    let exits = this.#exits.get(scope);
    if (exits === undefined) {
      const leaving = [...scope.graph.links.values()].filter((link) => link.targetId === outputNodeId);
      exits = new Map(leaving.toReversed().map((link) => [link.targetSlot, link]));
      this.#exits.set(scope, exits);
    }
    return exits;
  }
}
