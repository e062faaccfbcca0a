import { createHash } from "node:crypto";
import type { Catalog } from "../graph/catalog.ts";
import { convertExport } from "../graph/convert/convert-export.ts";
import { readExport } from "../graph/export/read-export.ts";
import type { ManagerMaps } from "../graph/dependencies/manager-maps.ts";
import type { Graph } from "../graph/graph.ts";
import { findParameters } from "../graph/parameters/find-parameters.ts";
import type { JsonObject } from "../json/exact.ts";
import { looksSecret, isSecretName } from "./brief/secret.ts";
import type { Candidate } from "./plan/candidate.ts";
import { findCandidates } from "./plan/find-candidates.ts";
import { dependenciesOf, type Requirements } from "./dependencies-of.ts";

/** A file saved from ComfyUI, read: its graph, its knobs and what it needs. */
export interface Source {
  /** Name of the file, without folders. */
  readonly file: string;
  readonly sha256: string;
  readonly kind: "api" | "gui";
  readonly graph: Graph;
  readonly candidates: readonly Candidate[];
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  readonly outputNodes: readonly string[];
  readonly requirements: Requirements;
  /** Why the graph may not be what ComfyUI's front end would send; empty for a graph in API format. */
  readonly inexact: readonly string[];
  /** What the author should know, a line each. */
  readonly warnings: readonly string[];
}

function graphOf(bytes: Uint8Array, catalog: Catalog): Pick<Source, "kind" | "graph" | "inexact"> & { readonly gui: JsonObject | undefined; readonly notes: readonly string[] } {
  const file = readExport(bytes);
  if (file.kind === "api") return { kind: "api", graph: file.graph, gui: file.gui, inexact: [], notes: file.notes };
  const { graph, report } = convertExport(file.workflow, catalog);
  const inexact = report.problems.map(({ nodeId, classType, input, message }) => `node ${nodeId} (${classType})${input === undefined ? "" : `, ${input}`}: ${message}`);
  return { kind: "gui", graph, gui: file.workflow, inexact, notes: file.notes };
}

/** Keys that would go into the module's text, and from there into a repository. */
function secretsIn(graph: Graph): readonly string[] {
  return Object.entries(graph).flatMap(([id, node]) =>
    Object.entries(node.inputs).flatMap(([input, value]) => {
      const isSecret = typeof value === "string" && value !== "" && (looksSecret(value) || isSecretName(input));
      return isSecret ? [`node ${id} (${node.class_type}): ${input} looks like a key or a password, and is printed into the module; take it out of the export`] : [];
    }),
  );
}

/**
 * @param file name of the export, without folders
 * @param maps what ComfyUI-Manager knows of packs and models
 * @throws {AppError} `invalid_export` when the file holds no workflow
 */
export function readSource(bytes: Uint8Array, file: string, catalog: Catalog, maps?: ManagerMaps): Source {
  const { kind, graph, gui, inexact, notes } = graphOf(bytes, catalog);
  const { candidates, dropped } = findCandidates(graph, catalog, findParameters(graph, catalog, { gui }));
  const requirements = dependenciesOf(graph, catalog, gui, maps);
  return {
    file,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    kind,
    graph,
    candidates,
    dropped,
    outputNodes: Object.entries(graph).flatMap(([id, node]) => (catalog.classes.get(node.class_type)?.outputNode === true ? [id] : [])),
    requirements,
    inexact,
    warnings: [...notes, ...secretsIn(graph), ...requirements.notes],
  };
}
