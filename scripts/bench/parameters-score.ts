import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { type Catalog, type NodeClass, parseCatalog } from "../../src/graph/catalog.ts";
import { readExport } from "../../src/graph/export/read-export.ts";
import { findParameters } from "../../src/graph/parameters/find-parameters.ts";
import { parsePythonJson } from "../../src/json/exact.ts";

/** A port: one input that the author of a workflow exposed. */
const port = z.looseObject({ node: z.coerce.string(), key: z.string() });
const named = z.array(port);
const portsFile = z.union([
  z.looseObject({ ports: named }),
  z.looseObject({ original: z.looseObject({ ports: z.record(z.string(), port) }) }).transform((file) => ({ ports: Object.values(file.original.ports) })),
]);

/** How the parameters of one workflow compare with what its author exposed, by graph input. */
export interface Score {
  readonly file: string;
  readonly hits: number;
  readonly exposed: number;
  readonly found: number;
  readonly missed: readonly string[];
  readonly surplus: readonly string[];
}

/** Every class that one of the recorded catalogs knows; core's own definition counts before a union's. */
export function readCatalogs(fixtures: string): Catalog {
  const classes = new Map<string, NodeClass>();
  for (const file of ["comfyui-0.3.64-core-with-model-names", "richovercash-2025-05-core+24-custom-packs", "comfy-ts-2024-core+14-custom-packs"]) {
    const text = gunzipSync(readFileSync(join(fixtures, "object_info", `${file}.json.gz`))).toString("utf8");
    for (const [name, known] of parseCatalog(parsePythonJson(text)).catalog.classes) if (!classes.has(name)) classes.set(name, known);
  }
  return { classes };
}

function graphFile(fixtures: string, name: string): string | undefined {
  return [`api/${name}.json`, `pairs/${name}.api.json`, `wrapped/${name}.json`].map((path) => join(fixtures, path)).find((path) => existsSync(path));
}

/** Ports of inputs that the graph does not have, or has as links, are left out: no reader of the graph could expose them. */
function scoreFile(fixtures: string, file: string, catalog: Catalog): Score[] {
  const name = basename(file, ".ports.json");
  const path = graphFile(fixtures, name);
  const read = path === undefined ? undefined : readExport(readFileSync(path));
  if (read?.kind !== "api") return [];
  const { graph } = read;
  const { ports } = portsFile.parse(parsePythonJson(readFileSync(file, "utf8")));
  const exposed = new Set(ports.filter(({ node, key }) => graph[node]?.inputs[key] !== undefined).map(({ node, key }) => `${node}.${key}`));
  const found = new Set(findParameters(graph, catalog).flatMap((parameter) => parameter.sets.map(({ nodeId, input }) => `${nodeId}.${input}`)));
  const label = (key: string): string => `${graph[key.split(".")[0] ?? ""]?.class_type ?? "?"} ${key}`;
  return [
    {
      file: name,
      hits: [...exposed].filter((key) => found.has(key)).length,
      exposed: exposed.size,
      found: found.size,
      missed: [...exposed].filter((key) => !found.has(key)).map((key) => label(key)),
      surplus: [...found].filter((key) => !exposed.has(key)).map((key) => label(key)),
    },
  ];
}

/** Compares findParameters with every file of `ports/`. */
export function scorePorts(fixtures: string): Score[] {
  const catalog = readCatalogs(fixtures);
  return globSync(join(fixtures, "ports/*.ports.json")).toSorted((a, b) => a.localeCompare(b)).flatMap((file) => scoreFile(fixtures, file, catalog));
}

/** Over all inputs of all files together. */
export function total(scores: readonly Score[]): { readonly recall: number; readonly precision: number } {
  const sum = (of: (score: Score) => number): number => scores.reduce((all, score) => all + of(score), 0);
  const hits = sum((score) => score.hits);
  return { recall: hits / Math.max(sum((score) => score.exposed), 1), precision: hits / Math.max(sum((score) => score.found), 1) };
}
