import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseCatalog, type Catalog } from "../../src/graph/catalog.ts";
import { parsePythonJson } from "../../src/json/exact.ts";

/** Files of other people, which are beside the repository and not in it. */
const fixtures = join(import.meta.dirname, "../../../shared/fixtures");
export const hasFixtures = existsSync(fixtures);

export function readFixture(path: string): Buffer {
  return readFileSync(join(fixtures, path));
}

function jsonFiles(folder: string): readonly string[] {
  if (!existsSync(join(fixtures, folder))) return [];
  return readdirSync(join(fixtures, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(folder, name))
    .sort();
}

/** Every JSON file of the collection that may hold a graph or an export. */
export function allJsonFixtures(): readonly string[] {
  return ["api", "pairs", "pairs_stale", "gui", "ref", "wrapped", "webui", "ports"].flatMap(jsonFiles);
}

function classesOf(name: string): object {
  const value = parsePythonJson(gunzipSync(readFixture(`object_info/${name}`)).toString("utf8"));
  return typeof value === "object" && value !== null ? value : {};
}

/** A real ComfyUI's, with the names of the models that the collected workflows use, and some custom packs. */
export function fixtureCatalog(): Catalog {
  return parseCatalog({
    ...classesOf("richovercash-2025-05-core+24-custom-packs.json.gz"),
    ...classesOf("comfyui-0.3.64-core-with-model-names.json.gz"),
  }).catalog;
}
