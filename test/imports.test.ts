import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

/**
 * Which room may import which, as docs/architecture.md draws it. `json` is open to everyone; a room may always import itself.
 * src/generated holds what `npm run generate` writes: assets and the list of built-in workflows.
 */
const rooms: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  json: [],
  disk: [],
  generated: [],
  // Keys, scopes and limits: pure but for one reader of one file.
  access: ["errors", "telemetry"],
  config: ["errors"],
  telemetry: ["errors"],
  graph: ["errors"],
  job: ["graph", "errors"],
  workflow: ["graph", "errors"],
  events: ["job", "errors"],
  store: ["job", "disk", "errors", "telemetry"],
  comfyui: ["graph", "errors", "telemetry"],
  // Keeps what ComfyUI said of its node classes; which ComfyUI, and what is made of it, is app's to say.
  catalog: ["graph", "errors", "telemetry"],
  files: ["disk", "errors", "telemetry"],
  runner: ["job", "events", "comfyui", "files", "graph", "errors", "telemetry"],
  web: ["workflow", "job", "generated"],
  http: ["access", "workflow", "job", "events", "files", "web", "errors", "telemetry"],
  // Waits between its questions to OpenRouter by the clock.
  codegen: ["workflow", "graph", "errors", "telemetry"],
  demo: ["graph", "errors"],
  // Keeps what retention allows: an own room, for it works on jobs and files and is reached by neither.
  upkeep: ["job", "files", "errors", "telemetry"],
  // What the executable knows of itself: its version, its source map, who started it.
  executable: ["errors"],
  // Looks at the host for an operator: it asks ComfyUI and reads keys and catalogs as the gateway would.
  doctor: ["access", "catalog", "comfyui", "config", "executable", "graph", "workflow", "errors", "telemetry"],
  "kept-secret": ["errors"],
  "webhook-secret": ["config", "kept-secret"],
  "link-secret": ["kept-secret"],
  // What app.ts makes of the settings that say who may do what; part of it but for its size.
  "gateway-access": ["access", "config", "http", "link-secret", "telemetry"],
  // What app.ts composes for /ready and /v1/status out of several rooms; part of it but for its size.
  "gateway-health": ["gpu-readings", "comfyui", "files", "http", "job", "errors", "telemetry"],
  // What app.ts hands to /metrics and /v1/models; parts of it but for their size.
  "gpu-readings": ["telemetry"],
  "model-cache": ["telemetry"],
  // The workflows of now: of the folder, and made with the catalog of now.
  "gateway-workflows": ["catalog", "comfyui", "config", "workflow", "errors", "telemetry"],
  app: [
    "gateway-workflows", "gpu-readings", "model-cache",
    "access", "gateway-access", "gateway-health", "webhook-secret", "upkeep", "catalog", "config", "telemetry", "graph", "workflow", "job", "store", "comfyui", "files",
    "runner", "events", "http", "codegen", "web", "demo", "errors", "generated",
  ],
  commands: ["access", "app", "catalog", "doctor", "executable", "config", "workflow", "codegen", "errors", "telemetry"],
  main: ["commands", "app", "executable", "config", "errors", "telemetry", "generated"],
};

/** A module of the workflows folder may import what a user's own can: nothing else exists beside the executable. */
const workflowImports = ["zod", "comfyui-api/fields"];

const sources = globSync("src/**/*.ts").filter((file) => !/\.(test|suite)\.ts$/.test(file));
const handWritten = [...globSync("{src,scripts,test,workflows}/**/*.ts")].filter((file) => !file.startsWith("src/generated/"));

function withoutComments(source: string): string {
  return source.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

function importsOf(source: string): string[] {
  const found = withoutComments(source).matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g);
  return [...found].flatMap((match) => match[1] ?? []);
}

/** The first folder below src, or the name of a file that stands in src itself. */
function roomOf(file: string): string {
  return relative("src", file).split("/")[0]?.replace(/\.ts$/, "") ?? "";
}

function violations(room: string): string[] {
  const allowed = new Set([room, "json", ...(rooms[room] ?? [])]);
  return sources
    .filter((file) => roomOf(file) === room)
    .flatMap((file) =>
      importsOf(readFileSync(file, "utf8"))
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => join(dirname(file), specifier))
        .filter((target) => target.startsWith("src/") && !allowed.has(roomOf(target)))
        .map((target) => `${file} imports ${target}`),
    );
}

describe("the import rule", () => {
  it("sees every way to write an import, and none in comments", () => {
    const source = [
      'import "./a.ts";',
      'import type { B } from "./b.ts";',
      "import {",
      "  c,",
      '} from "./c.ts";',
      'export * from "./d.ts";',
      'const e = await import("./e.ts");',
      'const accept = "*/*"; // import "./no.ts"',
      '/* import "./no.ts" */',
      'import f from "./f.json" with { type: "json" };',
    ].join("\n");
    expect(importsOf(source)).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.json"]);
  });

  it("knows every room", () => {
    expect([...new Set(sources.map(roomOf))].filter((room) => rooms[room] === undefined)).toEqual([]);
  });

  it("has no cycle", () => {
    const settled = new Set<string>();
    for (let before = -1; before !== settled.size; ) {
      before = settled.size;
      for (const [room, allowed] of Object.entries(rooms)) if (allowed.every((other) => settled.has(other))) settled.add(room);
    }
    expect(Object.keys(rooms).filter((room) => !settled.has(room))).toEqual([]);
  });

  it.each(Object.keys(rooms).filter((room) => room !== "generated"))("holds in %s", (room) => {
    expect(violations(room)).toEqual([]);
  });

  it("lets a built-in workflow import only what a user's own can", () => {
    const found = globSync("workflows/**/*.ts")
      .filter((file) => !file.endsWith(".test.ts"))
      .flatMap((file) => importsOf(readFileSync(file, "utf8")).map((specifier) => ({ file, specifier })))
      .filter(({ file, specifier }) =>
        specifier.startsWith(".") ? !join(dirname(file), specifier).startsWith("workflows/") : !workflowImports.includes(specifier),
      );
    expect(found).toEqual([]);
  });
});

describe("the house rules", () => {
  it("keep the environment and the end of the process to main.ts", () => {
    const reach = /\bprocess\s*\.\s*(env|exit|exitCode)\b|\bprocess\s*\[|from\s+["'](node:)?process["']/;
    const found = sources.filter((file) => file !== "src/main.ts" && reach.test(withoutComments(readFileSync(file, "utf8"))));
    expect(found).toEqual([]);
  });

  it("keep every file to 400 lines", () => {
    const long = handWritten
      .map((file) => `${file}: ${readFileSync(file, "utf8").split("\n").length - 1}`)
      .filter((entry) => Number(entry.split(": ")[1]) > 400);
    expect(long).toEqual([]);
  });

  it("keep out names that say nothing", () => {
    const vague = /(^|\/)(utils?|helpers?|common|types?|managers?|services?|misc)(\/|(\.(test|suite))?\.ts$)/;
    expect(handWritten.filter((file) => vague.test(file))).toEqual([]);
  });
});
