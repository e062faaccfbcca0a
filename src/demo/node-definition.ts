import type { Graph } from "../graph/graph.ts";
import type { JsonObject, JsonValue } from "../json/exact.ts";
import type { FileTree } from "./file-tree.ts";
import type { NodeInputs } from "./node-inputs.ts";
import type { NodeRun } from "./node-run.ts";
import type { Value } from "./values.ts";

/** The options of an old-style COMBO; those that list files are read anew on each request. */
export type Choices = readonly string[] | ((files: FileTree) => readonly string[]);

export interface InputSpec {
  readonly name: string;
  /** A type name, or the choices of an old-style COMBO. */
  readonly type: string | Choices;
  readonly options?: JsonObject;
}

export interface OutputSpec {
  readonly type: string;
  readonly name?: string;
  readonly isList?: boolean;
  readonly tooltip?: string;
}

/** The UI dictionary of an output node: what `executed` and the history carry. */
export type UiOutput = Readonly<Record<string, readonly JsonValue[]>>;

/** A value, or a link into the graph that the node expanded to. */
export type ExpandedValue = Value | { readonly kind: "link"; readonly nodeId: string; readonly slot: number };

export type NodeResult =
  /** `values` holds a list for each output slot; a slot that is no list holds one value. */
  | { readonly values?: readonly (readonly Value[])[]; readonly ui?: UiOutput; readonly expand?: undefined }
  | { readonly expand: Graph; readonly values: readonly ExpandedValue[] };

export interface NodeDefinition {
  readonly name: string;
  readonly displayName: string | null;
  readonly category: string;
  /** `python_module` of the class. */
  readonly module: string;
  readonly description?: string;
  /** Which of ComfyUI's two ways of declaring nodes: it decides what `/object_info` says and how COMBOs are checked. */
  readonly style: "v1" | "v3";
  readonly experimental?: boolean;
  readonly required: readonly InputSpec[];
  readonly optional?: readonly InputSpec[];
  /** Filled by the server, by input name: PROMPT, EXTRA_PNGINFO, UNIQUE_ID. */
  readonly hidden?: Readonly<Record<string, string>>;
  readonly outputs: readonly OutputSpec[];
  readonly outputNode?: boolean;
  /** VALIDATE_INPUTS: the inputs it names skip the range and list checks. */
  readonly validation?: {
    readonly inputs: readonly string[];
    /** @returns what is wrong, or null */
    check(values: JsonObject, files: FileTree): string | null;
  };
  /** IS_CHANGED: part of the cache key. null: never equal to itself, the node always runs. */
  readonly fingerprint?: (inputs: JsonObject, files: FileTree) => string | null;
  run(input: NodeInputs, run: NodeRun): NodeResult | Promise<NodeResult>;
}

export function inputSpecs(definition: NodeDefinition): readonly InputSpec[] {
  return [...definition.required, ...(definition.optional ?? [])];
}

/** The type as a request sees it now: a name, or the list of choices. */
export function resolveType(spec: InputSpec, files: FileTree): string | readonly string[] {
  return typeof spec.type === "function" ? spec.type(files) : spec.type;
}

/** `[type, options]`, as error bodies carry it. */
export function inputConfig(spec: InputSpec, files: FileTree): readonly JsonValue[] {
  return [resolveType(spec, files), spec.options ?? {}];
}

export function socket(name: string, type: string, options?: JsonObject): InputSpec {
  return options === undefined ? { name, type } : { name, type, options };
}

export function choice(name: string, choices: Choices, options?: JsonObject): InputSpec {
  return options === undefined ? { name, type: choices } : { name, type: choices, options };
}

export function integer(name: string, options: JsonObject): InputSpec {
  return { name, type: "INT", options };
}

export function float(name: string, options: JsonObject): InputSpec {
  return { name, type: "FLOAT", options };
}

export function text(name: string, options?: JsonObject): InputSpec {
  return { name, type: "STRING", ...(options === undefined ? {} : { options }) };
}

/** The result of a node with one value for each output. */
export function values(...list: readonly Value[]): NodeResult {
  return { values: list.map((value) => [value]) };
}
