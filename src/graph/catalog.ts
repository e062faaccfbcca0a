import { readNodeClass } from "./catalog/read-node-class.ts";
import type { CatalogInput } from "./catalog/input-spec.ts";
import { isRecord } from "./catalog/json-shape.ts";

export interface NodeOutput {
  readonly name: string;
  /** `IMAGE`, `*`; a combo's output is `COMBO`. */
  readonly type: string;
  readonly isList: boolean;
}

/** One class of node that a ComfyUI offers. */
export interface NodeClass {
  readonly name: string;
  /** What people read on the node; `undefined`: its name. */
  readonly displayName: string | undefined;
  readonly description: string | undefined;
  readonly category: string | undefined;
  /** `nodes`, `comfy_extras.nodes_flux`, `custom_nodes.ComfyUI-KJNodes`. */
  readonly pythonModule: string;
  /** The folder below `custom_nodes` that brought the class; `undefined`: it comes with ComfyUI. */
  readonly packFolder: string | undefined;
  /** Required then optional, each in the order that widgets are made in. */
  readonly inputs: readonly CatalogInput[];
  /** Filled in by the server, never sent: name and type (`PROMPT`, `UNIQUE_ID`, …). */
  readonly hiddenInputs: readonly { readonly name: string; readonly type: string }[];
  readonly outputs: readonly NodeOutput[];
  /** A graph needs at least one of these to run. */
  readonly outputNode: boolean;
  readonly deprecated: boolean;
  readonly experimental: boolean;
  /** Runs on Comfy's paid servers. */
  readonly apiNode: boolean;
}

/** What `/object_info` says, parsed. */
export interface Catalog {
  /** By class name, which may be any text. */
  readonly classes: ReadonlyMap<string, NodeClass>;
}

/** Something in `/object_info` that could not be understood, and what was done about it. */
export interface CatalogNote {
  readonly className: string;
  /** The input at fault; `undefined`: the class as a whole was skipped. */
  readonly input?: string;
  readonly message: string;
}

/**
 * Parses the body of `GET /object_info` (comfyui-protocol.md §1.6). A class that makes no sense is left out, an
 * input that makes none becomes a socket of any type; a note says which. Never throws.
 *
 * @param objectInfo from parseJson or parsePythonJson, so that 2^64−1 is still exact
 */
export function parseCatalog(objectInfo: unknown): { catalog: Catalog; notes: CatalogNote[] } {
  const notes: CatalogNote[] = [];
  const classes = new Map<string, NodeClass>();
  if (!isRecord(objectInfo)) {
    notes.push({ className: "", message: "The catalog is not an object of node classes" });
    return { catalog: { classes }, notes };
  }
  for (const [name, info] of Object.entries(objectInfo)) {
    const nodeClass = readNodeClass(name, info, notes);
    if (nodeClass !== undefined) classes.set(name, nodeClass);
  }
  return { catalog: { classes }, notes };
}
