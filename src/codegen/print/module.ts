import { isLink, type Graph } from "../../graph/graph.ts";
import type { JsonValue } from "../../json/exact.ts";
import type { Endpoint } from "../plan/endpoint.ts";
import { ModelConstants, OptionConstants } from "./named-constants.ts";
import { importOf, printField } from "./field.ts";
import { block, Code, entry, keyLiteral, type Printable, printable } from "./literal.ts";

/** Where the module comes from, for its head. */
export interface Origin {
  /** Name of the export's file, without folders. */
  readonly file: string;
  /** SHA-256 of the export's bytes, in hex. */
  readonly sha256: string;
  /** Day of making: 2026-01-31. */
  readonly date: string;
  /** Whose names these are: a model's name, or null for the rules. */
  readonly model: string | null;
  readonly promptVersion: number;
  readonly toolVersion: string;
}

export interface ModuleContent {
  readonly endpoint: Endpoint;
  readonly graph: Graph;
  readonly origin: Origin;
  /** The model files the graph loads, by the name in the graph. */
  readonly models: readonly string[];
  readonly modelSources: Readonly<Record<string, string>>;
  /** For the metadata: whatever else is known, by name, such as the packs that bring the classes. */
  readonly extra: { readonly [name: string]: JsonValue };
}

export interface PrintedModule {
  readonly text: string;
  /** Lines, from 1, of `field:<name>`, `node:<id>` and `node:<id>/<input>`. */
  readonly lines: ReadonlyMap<string, number>;
}

/** The first line of every generated module; `--update` knows them by it. */
export const generatedMark = "// Made by comfyui-api";

/** Text inside a comment: on one line, and nothing in it that cannot be seen. */
function commentText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").trim().slice(0, 200);
}

class Page {
  readonly #lines: string[] = [];
  readonly #marks = new Map<string, number>();

  add(text: string, mark?: string): void {
    if (mark !== undefined) this.#marks.set(mark, this.#lines.length + 1);
    this.#lines.push(...text.split("\n"));
  }

  done(): PrintedModule {
    return { text: `${this.#lines.join("\n")}\n`, lines: this.#marks };
  }
}

function head(origin: Origin): readonly string[] {
  const by = origin.model === null ? "named by rules alone, not reviewed" : `named by ${commentText(origin.model)}, prompt ${origin.promptVersion}`;
  return [
    `${generatedMark} ${commentText(origin.toolVersion)} on ${origin.date}, ${by}. generate-workflow --update keeps`,
    "// the names, words, ranges and options of the fields as they stand here; defaults and graph come from the export.",
    `// Source: ${commentText(origin.file)}, SHA-256 ${origin.sha256}`,
  ];
}

/** Code for the inputs that fields set: `"58/width"` → `input.width`. */
function substitutions(endpoint: Endpoint): ReadonlyMap<string, Code> {
  const found = new Map<string, Code>();
  for (const field of endpoint.fields) {
    for (const { nodeId, input } of field.candidate.sets) found.set(JSON.stringify([nodeId, input]), new Code(`input.${field.name}`));
  }
  return found;
}

function addNode(page: Page, id: string, node: Graph[string], value: (input: string, value: JsonValue) => Printable): void {
  const inputs = Object.entries(node.inputs).flatMap(([input, given]): [string, Printable][] => (given === undefined ? [] : [[input, value(input, given)]]));
  const { class_type, inputs: _inputs, ...others } = node;
  const rest = Object.entries(others).flatMap(([key, member]): [string, Printable][] => (member === undefined ? [] : [[key, printable(member)]]));
  const whole: Printable = { class_type, inputs: Object.fromEntries(inputs), ...Object.fromEntries(rest) };
  const flat = entry(id, whole, 4);
  page.add(flat.includes("\n") ? `    ${keyLiteral(id)}: {` : flat, `node:${id}`);
  if (!flat.includes("\n")) return;
  page.add(entry("class_type", class_type, 6));
  const inputsFlat = entry("inputs", Object.fromEntries(inputs), 6);
  if (inputsFlat.includes("\n")) {
    page.add("      inputs: {");
    for (const [input, printed] of inputs) page.add(entry(input, printed, 8), `node:${id}/${input}`);
    page.add("      },");
  } else {
    page.add(inputsFlat);
  }
  for (const [key, member] of rest) page.add(entry(key, member, 6));
  page.add("    },");
}

function metadata(content: ModuleContent, models: ModelConstants): Printable {
  const { graph, endpoint, modelSources, extra } = content;
  const sources = Object.entries(modelSources).map(([file, url]): [string, string] => [file, url]);
  return {
    requiredNodes: [...new Set(Object.values(graph).map((node) => node.class_type))].sort(),
    requiredModels: content.models.map((file) => models.reference(file)),
    modelSources: Object.fromEntries(sources),
    ...(endpoint.outputs.length === 0 ? {} : { outputs: Object.fromEntries(endpoint.outputs.map(({ nodeId, name }) => [nodeId, name])) }),
    ...Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, printable(value)])),
  };
}

function addSchema(page: Page, endpoint: Endpoint, printed: readonly string[]): void {
  if (endpoint.fields.length === 0) {
    page.add("const RequestSchema = z.object({});");
    return;
  }
  page.add("const RequestSchema = z.object({");
  let group: string | null = null;
  for (const [index, field] of endpoint.fields.entries()) {
    if (field.group !== group && field.group !== null) page.add(`${index === 0 ? "" : "\n"}  // ${commentText(field.group)}`);
    group = field.group;
    page.add(printed[index] ?? "", `field:${field.name}`);
  }
  page.add("});");
}

/** The module of an endpoint (docs/workflows.md). The same content gives the same text. */
export function printModule(content: ModuleContent): PrintedModule {
  const { endpoint, graph } = content;
  const page = new Page();
  const models = new ModelConstants(graph, content.models);
  const options = new OptionConstants();
  const fields = endpoint.fields.map((field) => printField(field, { models, options }));
  const imports = [...new Set(endpoint.fields.map(importOf))].filter((name) => name !== null).sort();

  for (const line of head(content.origin)) page.add(line);
  if (imports.length > 0) page.add(`import { ${imports.join(", ")} } from "comfyui-api/fields";`);
  page.add('import { z } from "zod";');
  for (const declaration of [models.declaration(), ...options.declarations()]) if (declaration !== null) page.add(`\n${declaration}`);
  page.add("");
  addSchema(page, endpoint, fields);
  page.add("\nexport default {\n  RequestSchema,");
  page.add(entry("summary", endpoint.summary, 2));
  page.add(entry("description", endpoint.description, 2));
  page.add(`  metadata: ${block(metadata(content, models), 2, 200)},`);
  page.add(`\n  generateWorkflow: (${endpoint.fields.length === 0 ? "" : "input: z.infer<typeof RequestSchema>"}) => ({`);
  const replaced = substitutions(endpoint);
  for (const [id, node] of Object.entries(graph)) {
    addNode(page, id, node, (input, value) => {
      const code = isLink(value) ? undefined : replaced.get(JSON.stringify([id, input]));
      return code ?? (typeof value === "string" ? models.reference(value) : printable(value));
    });
  }
  page.add("  }),\n};");
  return page.done();
}
