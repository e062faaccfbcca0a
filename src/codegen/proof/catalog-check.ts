import type { Catalog } from "../../graph/catalog.ts";
import { isWidget, type InputSpec } from "../../graph/catalog/input-spec.ts";
import { isLink, type Graph } from "../../graph/graph.ts";
import type { JsonValue } from "../../json/exact.ts";
import type { Endpoint } from "../plan/endpoint.ts";
import { isPseudoWidget } from "../plan/find-candidates.ts";
import type { Finding } from "./finding.ts";

export interface CatalogFindings {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** Names of files, which each installation has its own of, also in folders below the model folder. */
const fileLike = /\.[A-Za-z0-9]{1,12}$/;

/** Loaders of models that have no extension in their lists: names of repositories and folders. */
function isFileList(spec: InputSpec & { readonly kind: "combo" }, value: JsonValue): boolean {
  if (spec.options.length === 0 || spec.upload !== undefined || spec.remoteRoute !== undefined) return true;
  const listsFiles = spec.options.some((option) => typeof option === "string" && fileLike.test(option) && !/^[\d.]+$/.test(option));
  return typeof value === "string" && fileLike.test(value) && (listsFiles || /\.(?:safetensors|ckpt|pth?|bin|gguf|onnx|sft|png|jpe?g|webp|mp4|wav|mp3)$/i.test(value));
}

function optionFault(spec: InputSpec, value: JsonValue): "unknown" | "file" | null {
  if (spec.kind !== "combo" || spec.multiselect) return null;
  const isKnown = spec.options.some((option) => option === value);
  if (isKnown) return null;
  return isFileList(spec, value) ? "file" : "unknown";
}

function shown(value: JsonValue): string {
  return JSON.stringify(typeof value === "bigint" ? String(value) : value).slice(0, 80);
}

/** Whether every class and option of the graph is in the catalog, every field is a real input, and something comes out. */
export function checkCatalog(graph: Graph, endpoint: Endpoint, catalog: Catalog, lines: ReadonlyMap<string, number>): CatalogFindings {
  const findings: Finding[] = [];
  const notes: string[] = [];
  const lineOf = (id: string, input = ""): number | null => lines.get(`node:${id}/${input}`) ?? lines.get(`node:${id}`) ?? null;
  let hasOutput = false;
  for (const [id, node] of Object.entries(graph)) {
    const known = catalog.classes.get(node.class_type);
    if (known === undefined) {
      findings.push({ check: "catalog", line: lineOf(id), message: `node ${id}: the catalog has no class ${node.class_type}; use the --catalog of a ComfyUI that has its pack` });
      continue;
    }
    hasOutput ||= known.outputNode;
    for (const { name, spec } of known.inputs) {
      const value = node.inputs[name];
      if (value === undefined || value === null || isLink(value)) continue;
      const fault = optionFault(spec, value);
      if (fault === "unknown") {
        findings.push({ check: "catalog", line: lineOf(id, name), message: `node ${id}: ${node.class_type}.${name} has no option ${shown(value)} in this catalog` });
      } else if (fault === "file" && spec.kind === "combo" && spec.options.length > 0 && spec.upload === undefined) {
        notes.push(`${shown(value)} (node ${id}, ${name}) is not among the files of the ComfyUI that the catalog is of`);
      }
    }
  }
  if (!hasOutput) findings.push({ check: "output", line: null, message: "no node of the graph is an output node: ComfyUI would refuse it" });
  for (const field of endpoint.fields) {
    for (const { nodeId, input } of field.candidate.sets) {
      const spec = catalog.classes.get(graph[nodeId]?.class_type ?? "")?.inputs.find(({ name }) => name === input)?.spec;
      if (isPseudoWidget(input) || (spec !== undefined && !isWidget(spec) && spec.kind === "socket" && !spec.forceInput)) {
        findings.push({ check: "widgets", line: lines.get(`field:${field.name}`) ?? null, message: `${field.name} sets ${nodeId}/${input}, which is no value of the node` });
      }
    }
  }
  return { findings, notes };
}
