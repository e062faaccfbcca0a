import { z } from "zod";
import { AppError } from "../../errors/app-error.ts";
import type { Catalog } from "../../graph/catalog.ts";
import type { InputSpec } from "../../graph/catalog/input-spec.ts";
import { readExport } from "../../graph/export/read-export.ts";
import type { Graph } from "../../graph/graph.ts";
import { buildWorkflow } from "../built-workflow.ts";
import { anyValue, catalogField } from "../field/catalog-field.ts";
import { findInput } from "../field/find-input.ts";
import { exportFault } from "../source/export-fault.ts";
import { descriptionOf, graphMetadata, summaryOf } from "../source/graph-metadata.ts";
import { placeInJson } from "../source/json-source.ts";
import { failedWith, type SourceOutcome } from "../source/source-outcome.ts";
import type { SourceProblem } from "../source/source-problem.ts";
import { mergeSpecs } from "./merge-specs.ts";
import { fillPlaceholders, misspeltPlaceholders, placeholderUses, stringsIn, type PlaceholderUse } from "./placeholder.ts";

export interface TemplateFile {
  readonly id: string;
  readonly file: string;
  readonly bytes: Uint8Array;
}

const seedNames: ReadonlySet<string> = new Set(["seed", "noise_seed"]);

function nodeName(graph: Graph, nodeId: string): string {
  const node = graph[nodeId];
  return node?._meta?.title ?? node?.class_type ?? nodeId;
}

function isSeed(name: string, spec: InputSpec | null): boolean {
  if (spec?.kind !== "int") return false;
  return seedNames.has(name) || (spec.controlAfterGenerate !== undefined && spec.controlAfterGenerate !== false);
}

/** What is used when the input is left out: the class's own default, which an empty text is none of. */
function defaultOf(spec: InputSpec | null): unknown {
  if (spec === null || (spec.kind === "combo" && spec.upload !== undefined) || spec.default === "" || spec.default === null) return undefined;
  return spec.default;
}

function fieldFor(name: string, spec: InputSpec | null, isText: boolean, description: string): z.ZodType {
  const seed = isSeed(name, spec);
  const field = spec === null ? (isText ? z.string() : anyValue) : (catalogField(spec, undefined) ?? anyValue);
  const meta = { description, ...field.meta() };
  if (seed) return field.optional().meta({ ...meta, "x-seed": true });
  const byDefault = defaultOf(spec);
  return (byDefault !== undefined && field.safeParse(byDefault).success ? field.default(byDefault) : field).meta(meta);
}

class TemplateReader {
  readonly #template: TemplateFile;
  readonly #text: string;
  readonly #graph: Graph;
  readonly #catalog: Catalog;
  readonly problems: SourceProblem[] = [];

  constructor(template: TemplateFile, graph: Graph, catalog: Catalog) {
    this.#template = template;
    this.#text = Buffer.from(template.bytes).toString("utf8");
    this.#graph = graph;
    this.#catalog = catalog;
  }

  /** Placeholders that are misspelt, and those where none can be. */
  check(): void {
    for (const [nodeId, node] of Object.entries(this.#graph)) {
      for (const { text, path } of stringsIn(node.inputs)) {
        for (const found of misspeltPlaceholders(text)) {
          this.#problem([nodeId, "inputs", ...path], `${found} is no placeholder: write {input.name}, the name made of letters, digits and "_"`);
        }
      }
      if (/\{input\./.test(node.class_type)) this.#problem([nodeId, "class_type"], "The class of a node cannot be an input");
    }
  }

  schema(): z.ZodObject {
    const byName = Map.groupBy(placeholderUses(this.#graph), ({ name }) => name);
    return z.object(Object.fromEntries([...byName].map(([name, uses]) => [name, this.#field(name, uses)])));
  }

  #field(name: string, uses: readonly PlaceholderUse[]): z.ZodType {
    const whole = uses.filter((use) => use.isWhole);
    const specs = whole.flatMap((use) => this.#specOf(use) ?? []);
    const merged = mergeSpecs(specs);
    const description = this.#describe(specs, uses);
    if (merged !== null && "clash" in merged) {
      const [a, b] = merged.clash;
      const use = whole.at(-1);
      this.#problem(use === undefined ? [] : [use.nodeId, "inputs", ...use.path], `{input.${name}} is used both as ${a.kind} and as ${b.kind}: use two names`);
      return z.string();
    }
    return fieldFor(name, merged, whole.length === 0, description);
  }

  #specOf({ nodeId, path }: PlaceholderUse): InputSpec | undefined {
    const [input = ""] = path;
    const spec = path.length === 1 ? findInput(this.#catalog, this.#graph[nodeId]?.class_type ?? "", input) : undefined;
    return spec === undefined || catalogField(spec, undefined) === null ? undefined : spec;
  }

  #describe(specs: readonly InputSpec[], uses: readonly PlaceholderUse[]): string {
    const tooltip = specs.find((spec) => spec.tooltip !== undefined)?.tooltip;
    if (tooltip !== undefined) return tooltip;
    const places = [...new Set(uses.map(({ nodeId, path }) => `${path[0] ?? ""} of ${nodeName(this.#graph, nodeId)}`))];
    return `Sets ${places.slice(0, 3).join(", ")}${places.length > 3 ? ", …" : ""}.`;
  }

  #problem(path: readonly string[], message: string): void {
    const { file } = this.#template;
    this.problems.push({ file, place: placeInJson(this.#text, path), message });
  }
}

/** A graph in API format whose strings hold `{input.name}`: each name is an input, of the type its places take. */
export function workflowFromTemplate(template: TemplateFile, catalog: Catalog): SourceOutcome {
  const { id, file, bytes } = template;
  let graph: Graph;
  try {
    const read = readExport(bytes);
    if (read.kind === "gui") {
      return failedWith({ file, place: null, message: "A template must be in API format: save it with “Export (API)”, then put in the placeholders" });
    }
    graph = read.graph;
  } catch (error) {
    if (error instanceof AppError) return failedWith(exportFault(file, bytes, error));
    throw error;
  }
  const reader = new TemplateReader(template, graph, catalog);
  reader.check();
  const schema = reader.schema();
  if (reader.problems.length > 0) return failedWith(...reader.problems);
  const metadata = graphMetadata(graph, catalog);
  const workflow = buildWorkflow(id, {
    schema,
    generate: (inputs) => fillPlaceholders(graph, inputs),
    summary: summaryOf(id),
    description: descriptionOf(id, metadata),
    metadata,
  });
  return { workflow, problems: [], notes: [] };
}
