import { dirname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Graph } from "../../graph/graph.ts";
import type { JsonObject, JsonValue } from "../../json/exact.ts";
import { hostModules } from "../../workflow/host-modules.ts";
import { ModuleLoader } from "../../workflow/module-loader.ts";
import { workflowFromModule } from "../../workflow/module-source.ts";
import { traceOrigins } from "../../workflow/origins.ts";
import type { Workflow } from "../../workflow/workflow.ts";

/** A field of a module that stands already, as far as an author may have shaped it by hand. */
export interface ExistingField {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly default: JsonValue | undefined;
  readonly min: JsonValue | undefined;
  readonly max: JsonValue | undefined;
  readonly options: readonly JsonValue[] | undefined;
  /** `"nodeId/input"` in the module's own graph, with the class of the node. */
  readonly sets: readonly { readonly place: string; readonly classType: string; readonly input: string }[];
}

export interface ExistingModule {
  readonly summary: string;
  readonly description: string;
  readonly fields: readonly ExistingField[];
  /** What it makes of its example. */
  readonly graph: Graph;
  readonly outputs: Readonly<Record<string, string>>;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Inputs for which the module makes a graph: its example; files are names there, so any text will do. */
function sampleGraph(workflow: Workflow): { readonly inputs: JsonObject; readonly graph: Graph } {
  const parsed = workflow.parse(workflow.example);
  const seeds = Object.fromEntries(workflow.seedFields.map((field) => [field, 1]));
  const inputs = { ...parsed, ...seeds };
  return { inputs, graph: workflow.generate(inputs) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function fieldOf(name: string, property: JsonValue | undefined, required: ReadonlySet<unknown>, sets: ExistingField["sets"]): ExistingField {
  const node: JsonObject = typeof property === "object" && property !== null && !isList(property) ? property : {};
  const options = node["enum"];
  return {
    name,
    description: textOf(node["description"]),
    required: required.has(name),
    default: node["default"],
    min: node["minimum"],
    max: node["maximum"],
    options: options !== undefined && isList(options) ? options : undefined,
    sets,
  };
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/**
 * Reads back what an author may have changed in a module: by loading it and trying its fields, never by its text.
 *
 * @throws {Error} in words for the author, when the file does not load or makes no graph
 */
export async function readExistingModule(id: string, file: string): Promise<ExistingModule> {
  const path = resolve(file);
  const loaded = await new ModuleLoader(dirname(path), hostModules()).load(path);
  if ("failure" in loaded) throw new Error(`The module that is to be updated does not load: ${loaded.failure.message}`);
  const made = workflowFromModule(id, loaded.exports);
  if ("problems" in made) throw new Error(`The module that is to be updated is no workflow: ${made.problems.join("; ")}`);
  const { workflow } = made;
  const { inputs, graph } = sampleGraph(workflow);
  const origins = traceOrigins(workflow, inputs, graph);
  const properties = objectOf(workflow.inputSchema["properties"]);
  const needed = workflow.inputSchema["required"];
  const required = new Set<unknown>(Array.isArray(needed) ? needed : []);
  const fields = Object.keys(properties).map((name) => {
    const places = Object.entries(origins).filter(([, pointer]) => pointer === `/${name}`);
    const sets = places.flatMap(([place]) => {
      const at = place.lastIndexOf("/");
      const node = graph[place.slice(0, at)];
      return node === undefined ? [] : [{ place, classType: node.class_type, input: place.slice(at + 1) }];
    });
    const schema = workflow.inputSchema["properties"];
    const property = typeof schema === "object" && schema !== null && !isList(schema) ? schema[name] : undefined;
    return fieldOf(name, property, required, sets);
  });
  const outputs = Object.entries(objectOf(workflow.metadata["outputs"])).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return { summary: workflow.summary, description: workflow.description, fields, graph, outputs: Object.fromEntries(outputs) };
}

/** Whether two values of fields are the same, exact integers included. */
export function sameValue(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return isDeepStrictEqual(a, b);
}
