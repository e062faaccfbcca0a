import { z } from "zod";
import type { Catalog } from "../../graph/catalog.ts";
import { convertExport } from "../../graph/convert/convert-export.ts";
import type { Graph } from "../../graph/graph.ts";
import { findParameters } from "../../graph/parameters/find-parameters.ts";
import type { Parameter } from "../../graph/parameters/parameter.ts";
import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from "../../json/exact.ts";
import { buildWorkflow, workflowFailed } from "../built-workflow.ts";
import { readGraph } from "../export/export-source.ts";
import { valueAt } from "../json-value.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import { descriptionOf, graphMetadata, summaryOf } from "../source/graph-metadata.ts";
import { presentationOf } from "../source/sidecar.ts";
import { failedWith, type SourceOutcome } from "../source/source-outcome.ts";
import type { SourceProblem } from "../source/source-problem.ts";
import { editGui, guiNodeId, guiNodes, type GuiEdit } from "./gui-export.ts";
import { findUnmapped } from "./unmapped-input.ts";
import type { Wrapper } from "./wrapper.ts";
import { defaultFault, wrapperDefault, wrapperField } from "./wrapper-field.ts";
import { wrapperForm } from "./wrapper-form.ts";
import { changeGraph, changesOf, isActive, type BoundInput } from "./wrapper-run.ts";
import type { WrapperInput } from "./wrapper-shape.ts";
import { TargetFinder, type Target, type WrappedExport } from "./wrapper-target.ts";

interface Bound extends BoundInput {
  readonly byDefault: JsonValue | undefined;
}

/** Finds what each input changes, and everything that is wrong or worth saying about it. */
class Binder {
  readonly #wrapper: Wrapper;
  readonly #export: WrappedExport;
  readonly #finder: TargetFinder;
  readonly #parameters: readonly Parameter[];
  readonly problems: SourceProblem[] = [];
  readonly notes: SourceProblem[] = [];

  constructor(wrapper: Wrapper, wrapped: WrappedExport) {
    this.#wrapper = wrapper;
    this.#export = wrapped;
    this.#finder = new TargetFinder(wrapped);
    this.#parameters = findParameters(wrapped.graph, wrapped.catalog, wrapped.gui === null ? {} : { gui: wrapped.gui });
  }

  bind(): readonly Bound[] {
    return this.#wrapper.shape.inputs.map((input, index) => this.#bindOne(input, index));
  }

  #bindOne(input: WrapperInput, index: number): Bound {
    const fault = defaultFault(input);
    if (fault !== null) this.#say(this.problems, ["inputs", index], `${input.id}: ${fault}`);
    const mapped = this.#mapped(input, index);
    if (mapped !== null) return { input, target: mapped, byDefault: wrapperDefault(input) };
    const found = findUnmapped(input, this.#export, this.#parameters);
    if (found === null) {
      this.#say(this.notes, ["inputs", index], `${input.id} changes nothing: the wrapper does not say which node it sets`);
      return { input, target: null, byDefault: wrapperDefault(input) };
    }
    const where = placesOf(found.target).join(", ");
    this.#say(this.notes, ["inputs", index], `${input.id} is mapped to no node; it sets ${where}: ${found.because}. Its default is the export's own value`);
    // What the wrapper calls the default has never reached this graph: leaving the input out must leave the graph.
    return { input, target: found.target, byDefault: this.#currentValue(found.target) };
  }

  /** Null when the wrapper maps it to nothing; then, or when that is wrong, the reason has been said. */
  #mapped(input: WrapperInput, index: number): Target | null {
    const mappings = this.#wrapper.shape.node_mapping ?? {};
    const written = input.node_mapping;
    const name = typeof written === "string" ? written : input.id;
    const mapping = typeof written === "object" ? written : Object.hasOwn(mappings, name) ? mappings[name] : undefined;
    const hasNodes = input.node_id !== undefined || input.node_ids !== undefined;
    if (mapping === undefined && typeof written === "string") {
      const nearest = nearestName(written, Object.keys(mappings));
      this.#say(this.notes, ["inputs", index, "node_mapping"], `${input.id}: node_mapping has no ${written}${nearest === null ? "" : `; did you mean ${nearest}?`}`);
    }
    if (mapping === undefined && !hasNodes) return null;
    const resolved = mapping === undefined ? this.#finder.byFields(input) : this.#finder.byMapping(input, mapping);
    const path = typeof written === "object" || mapping === undefined ? ["inputs", index] : ["node_mapping", name];
    if ("problem" in resolved) {
      this.#say(this.problems, path, `${input.id}: ${resolved.problem}`);
      return null;
    }
    for (const note of resolved.notes) this.#say(this.notes, path, `${input.id}: ${note}`);
    return resolved.target;
  }

  #currentValue(target: Target): JsonValue | undefined {
    if (target.kind === "mode") return guiNodes(this.#export.gui ?? {}).filter((node) => target.nodeIds.includes(guiNodeId(node))).every((node) => (node["mode"] ?? 0) === target.enabledMode);
    const at = (nodeId: string, input: string): JsonValue | undefined => valueAt(this.#export.graph[nodeId]?.inputs, [input]);
    if (target.kind === "pair") {
      return { highNoisePath: at(target.high.nodeId, target.high.input), lowNoisePath: at(target.low.nodeId, target.low.input) };
    }
    const [first] = target.kind === "inputs" ? target.inputs : [];
    return first === undefined ? undefined : at(first.nodeId, first.input);
  }

  #say(to: SourceProblem[], path: readonly PropertyKey[], message: string): void {
    to.push({ file: this.#wrapper.file, place: this.#wrapper.placeOf(path), message });
  }
}

function placesOf(target: Target): readonly string[] {
  if (target.kind === "pair") return [target.high, target.low].map(({ nodeId, input }) => `${input} of node ${nodeId}`);
  if (target.kind === "mode") return [`the mode of nodes ${target.nodeIds.join(", ")}`];
  return target.kind === "inputs" ? target.inputs.map(({ nodeId, input }) => `${input} of node ${nodeId}`) : [];
}

function isNeeded({ required, depends_on: dependency }: WrapperInput): boolean {
  return required && (dependency === undefined || dependency === null);
}

function schemaOf(bound: readonly Bound[]): z.ZodObject {
  const schema = z.object(Object.fromEntries(bound.map(({ input, byDefault }) => [input.id, wrapperField(input, byDefault, isNeeded(input))])));
  const conditional = bound.filter(({ input, byDefault }) => input.required && byDefault === undefined && !isNeeded(input)).map(({ input }) => input);
  if (conditional.length === 0) return schema;
  return schema.check((payload) => {
    const inputs = payload.value;
    for (const input of conditional) {
      const value: unknown = inputs[input.id];
      if (value === undefined && isActive(input, asJson(inputs), bound)) {
        payload.issues.push({ code: "custom", input: inputs, path: [input.id], message: `Is needed when ${input.depends_on?.field ?? "its condition"} is ${stringifyJson(input.depends_on?.value ?? null)}` });
      }
    }
  });
}

function asJson(inputs: unknown): JsonObject {
  return isJsonObject(inputs) ? inputs : {};
}

/** The graph of an edited export. The last one is kept: origins are traced with one field changed after the other. */
function converter(id: string, { gui, graph, catalog }: WrappedExport): (edits: readonly GuiEdit[]) => Graph {
  let last = { key: "[]", graph };
  return (edits) => {
    if (gui === null) return graph;
    const key = stringifyJson(edits);
    if (last.key === key) return last.graph;
    const made = convertExport(editGui(gui, edits), catalog);
    if (!made.report.exact) throw workflowFailed(id, `cannot be turned into a graph with these inputs: ${made.report.problems[0]?.message ?? "it is not exact"}`);
    last = { key, graph: made.graph };
    return made.graph;
  };
}

/** A `.webui.yml` and its export: the wrapper's inputs, each changing what the wrapper says. */
export function workflowFromWrapper(wrapper: Wrapper, bytes: Uint8Array, catalog: Catalog): SourceOutcome {
  const { id, shape, exportFile } = wrapper;
  const read = readGraph({ id, file: exportFile, bytes }, catalog);
  if ("problems" in read) return failedWith(...read.problems);
  // With both formats in a file, the graph is what was run, and its GUI format may have been edited since.
  const wrapped: WrappedExport = { graph: read.graph, gui: read.kind === "gui" ? (read.gui ?? null) : null, catalog: read.catalog };
  const binder = new Binder(wrapper, wrapped);
  const bound = binder.bind();
  if (binder.problems.length > 0) return failedWith(...binder.problems);
  const toGraph = converter(id, wrapped);
  const metadata = { ...graphMetadata(read.graph, read.catalog, read.gui), ...presentationOf(shape), ...extrasOf(wrapper) };
  const workflow = buildWorkflow(id, {
    schema: schemaOf(bound),
    generate: (inputs) => {
      const changes = changesOf(bound, inputs, wrapped.gui !== null);
      return changeGraph(toGraph(changes.edits), changes);
    },
    summary: shape.name ?? summaryOf(id),
    description: shape.description ?? descriptionOf(id, metadata),
    metadata,
    form: wrapperForm(shape),
  });
  return { workflow, problems: [], notes: [...read.notes, ...binder.notes] };
}

function extrasOf({ shape }: Wrapper): Readonly<Record<string, unknown>> {
  const { version, category, presets, outputs } = shape;
  return Object.fromEntries(Object.entries({ version, category, presets: presets ?? undefined, outputs: outputs ?? undefined }).filter(([, value]) => value !== undefined));
}
