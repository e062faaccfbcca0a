import type { JsonObject, JsonValue } from "../../json/exact.ts";

/** The `mode` of a node that is never run. */
export const mutedMode = 2;
/** The `mode` of a node whose inputs are passed on to its outputs. */
export const bypassedMode = 4;

export interface GuiInput {
  readonly name: string;
  /** `*` for any; a combo's is `COMBO`. */
  readonly type: string;
  /** The id of the link that ends here. */
  readonly link: string | undefined;
  /** The widget this is the socket of. */
  readonly widget: string | undefined;
}

export interface GuiOutput {
  readonly name: string;
  readonly type: string;
}

/** A node as it lies on the canvas. */
export interface GuiNode {
  readonly id: string;
  /** A class, a front-end-only kind, or the id of a subgraph definition. */
  readonly type: string;
  readonly title: string | undefined;
  readonly mode: number;
  readonly inputs: readonly GuiInput[];
  readonly outputs: readonly GuiOutput[];
  /** `widgets_values`: a list in widget order, or an object by widget name. */
  readonly values: readonly JsonValue[] | JsonObject | undefined;
  /** `widgets_values_named`, which newer front ends write beside the list. */
  readonly namedValues: JsonObject | undefined;
  readonly properties: JsonObject;
}

export interface GuiLink {
  readonly id: string;
  readonly originId: string;
  readonly originSlot: number;
  readonly targetId: string;
  readonly targetSlot: number;
  readonly type: string;
}

export interface GuiGraph {
  readonly nodes: readonly GuiNode[];
  readonly nodeById: ReadonlyMap<string, GuiNode>;
  readonly links: ReadonlyMap<string, GuiLink>;
}

export interface SubgraphSlot {
  readonly name: string;
  readonly type: string;
}

/** What every instance of a subgraph holds; a group node is turned into one (comfyui-protocol.md §4.5). */
export interface SubgraphDefinition {
  readonly id: string;
  readonly name: string;
  readonly graph: GuiGraph;
  /** Links from outside start at this node id, at the slot of the input. */
  readonly inputNodeId: string;
  /** Links to outside end at this node id, at the slot of the output. */
  readonly outputNodeId: string;
  readonly inputs: readonly SubgraphSlot[];
  readonly outputs: readonly SubgraphSlot[];
}

/** A link that the pack cg-use-everywhere would make when the graph is queued. */
export interface BroadcastLink {
  readonly originId: string;
  readonly originSlot: number;
  readonly targetId: string;
  readonly targetSlot: number;
  readonly type: string;
}

/** A GUI-format export, read and made regular. */
export interface GuiExport {
  readonly root: GuiGraph;
  readonly definitions: ReadonlyMap<string, SubgraphDefinition>;
  /** `extra.groupNodes`, by name. */
  readonly groups: ReadonlyMap<string, JsonObject>;
  readonly broadcastLinks: readonly BroadcastLink[];
}
