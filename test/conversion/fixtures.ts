import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { parseCatalog, type Catalog } from "../../src/graph/catalog.ts";
import { parsePythonJson } from "../../src/json/exact.ts";

/** Third-party files that are read in place and never copied (design: they are not ours to publish). */
const fixturesFolder = "../shared/fixtures";
export const haveFixtures = existsSync(`${fixturesFolder}/index.json`);

const entrySchema = z.object({
  name: z.string(),
  kind: z.string(),
  category: z.string(),
  grade: z.string(),
  files: z.array(z.string()),
});

/** One export of the index, with the graph it should become where somebody recorded one. */
export interface ConversionFixture {
  readonly name: string;
  readonly kind: string;
  readonly category: string;
  /** `A-exact` … `E-graph-differs`; empty for an export without a recorded graph. */
  readonly grade: string;
  readonly gui: string;
  /** Recorded with the export; only grades A to C are of the same state. */
  readonly api: string | undefined;
  /** Converted by a real front end 1.4.13 against the 0.3.64 catalog. */
  readonly ref: string | undefined;
}

export function readFixture(path: string): unknown {
  const bytes = readFileSync(`${fixturesFolder}/${path}`);
  return parsePythonJson((path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8"));
}

export function conversionFixtures(): ConversionFixture[] {
  const entries = z.array(entrySchema).parse(readFixture("index.json"));
  return entries.flatMap(({ name, kind, category, grade, files }) => {
    const gui = files.find((file) => file.endsWith(".gui.json") || file.startsWith("gui/"));
    if (gui === undefined) return [];
    const ref = `ref/${name}.api.json`;
    return [{
      name,
      kind,
      category,
      grade,
      gui,
      api: files.find((file) => file.startsWith("pairs") && file.endsWith(".api.json")),
      ref: existsSync(`${fixturesFolder}/${ref}`) ? ref : undefined,
    }];
  });
}

const core = "object_info/comfyui-0.3.64-core-with-model-names.json.gz";
const packs = ["object_info/richovercash-2025-05-core+24-custom-packs.json.gz", "object_info/comfy-ts-2024-core+14-custom-packs.json.gz"];

/** The recorded catalogs: that of the core, and unions with it that know more classes. */
export class FixtureCatalogs {
  readonly core: Catalog;
  readonly #unions: readonly Catalog[];

  constructor() {
    const read = (path: string) => parseCatalog(readFixture(path)).catalog.classes;
    const coreClasses = read(core);
    const packClasses = packs.map(read);
    this.core = { classes: coreClasses };
    this.#unions = [
      this.core,
      ...packClasses.map((classes) => ({ classes: new Map([...classes, ...coreClasses]) })),
      { classes: new Map([...packClasses.flatMap((classes) => [...classes]), ...coreClasses]) },
    ];
  }

  /** The smallest that has every one of `classTypes`, else the greatest. */
  for(classTypes: Iterable<string>): Catalog {
    const wanted = [...classTypes];
    return this.#unions.find((catalog) => wanted.every((type) => catalog.classes.has(type))) ?? this.#unions.at(-1) ?? this.core;
  }
}
