import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { runGenerate } from "./run-generate.ts";
import { sampleGraph } from "./sample-export.ts";

let folder = "";
let file = "";
let out = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "codegen-command-"));
  [file, out] = [join(folder, "fox.json"), join(folder, "workflows/sd15/fox.ts")];
  await writeFile(file, JSON.stringify(sampleGraph()));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function run(...flags: readonly string[]) {
  return runGenerate([file, out, "--offline", ...flags]);
}

/** What somebody changes in a module by hand. */
async function edit(changes: readonly (readonly [from: string, to: string])[]): Promise<string> {
  let text = await readFile(out, "utf8");
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  await writeFile(out, text);
  return text;
}

describe("generate", () => {
  it("writes the module and shows its parameters, what was left out, the endpoint and a call", async () => {
    const { code, printed } = await run();
    expect(code).toBe(0);
    expect(await readFile(out, "utf8")).toContain("export default {");
    expect(printed).toMatch(/width +integer +64 … 4096, by 8 +512 +5\.width/);
    expect(printed).toContain("filename_prefix");
    expect(printed).toContain("sd15.safetensors (models/checkpoints)");
    expect(printed).toContain("POST /sd15/fox");
    expect(printed).toContain(`curl http://localhost:3000/sd15/fox -d '{"prompt":"a red fox"}'`);
    expect(await readdir(join(folder, "workflows/sd15"))).toEqual(["fox.ts"]);
  });

  it("leaves a file that stands there alone, and asks nothing before", async () => {
    await mkdir(join(folder, "workflows/sd15"), { recursive: true });
    await writeFile(out, "mine");
    const { code, complained } = await run();
    expect([code, await readFile(out, "utf8")]).toEqual([1, "mine"]);
    expect(complained).toMatch(/--update.*--force/);
    expect((await run("--force")).code).toBe(0);
    expect(await readFile(out, "utf8")).toContain("export default {");
  });

  it("prints the module alone with --dry-run and writes nothing", async () => {
    const { code, printed, complained } = await run("--dry-run");
    expect(code).toBe(0);
    expect(printed.startsWith("// Made by comfyui-api")).toBe(true);
    expect(printed.trimEnd().endsWith("};")).toBe(true);
    expect(complained).toContain("Nothing was written");
    await expect(readdir(join(folder, "workflows"))).rejects.toThrow("ENOENT");
  });

  it("tells everything as one JSON object with --json", async () => {
    const { printed } = await run("--json");
    const told = z.looseObject({ ok: z.boolean(), id: z.string(), written: z.boolean(), module: z.string(), parameters: z.array(z.looseObject({ name: z.string() })) }).parse(JSON.parse(printed));
    expect(told).toMatchObject({ ok: true, id: "sd15/fox", written: true, named_by: null, proof: { passed: true, findings: [] } });
    expect(told.parameters.find(({ name }) => name === "seed")).toMatchObject({ type: "seed", required: false, max: expect.any(Number) });
  });

  it("writes nothing that did not pass the proof, and says what is wrong with file and line", async () => {
    const graph = sampleGraph();
    await writeFile(file, JSON.stringify({ ...graph, "10": { class_type: "NoSuchClass", inputs: {} } }));
    const { code, printed } = await run();
    expect(code).toBe(1);
    expect(printed).toMatch(/fox\.ts:\d+: node 10: the catalog has no class NoSuchClass/);
    await expect(readFile(out)).rejects.toThrow("ENOENT");
  });

  it.each([
    ["no file", [], /name the file/],
    ["a module that is no .ts", ["x.json", "y.js"], /must end with \.ts/],
    ["a folder that the gateway needs itself", ["x.json", "workflows/v1/x.ts"], /path of the gateway itself/],
    ["an unknown flag", ["x.json", "--ofline"], /--offline/],
    ["a time limit that is none", ["x.json", "--time-limit=soon"], /whole seconds/],
    ["an update of nothing", ["x.json", "--update"], /name the module/],
  ])("ends with 2 for %s", async (_what, argv, said) => {
    const { code, complained } = await runGenerate(argv);
    expect(code).toBe(2);
    expect(complained).toMatch(said);
  });

  it.each([
    ["that is not there", null, /cannot be read/],
    ["that holds no workflow", '{"hello": "world"}', /holds no ComfyUI workflow/],
    ["that is no JSON", "{", /./],
  ])("ends with 1 for an export %s", async (_what, content, said) => {
    if (content === null) await rm(file);
    else await writeFile(file, content);
    const { code, complained } = await run();
    expect(code).toBe(1);
    expect(complained).toMatch(said);
  });

  it("warns of a key that would be printed into the module", async () => {
    const graph = sampleGraph();
    await writeFile(file, JSON.stringify({ ...graph, "9": { ...graph["9"], inputs: { ...graph["9"]?.inputs, api_key: "abc" } } }));
    expect((await run("--dry-run")).complained).toMatch(/node 9 \(SaveImage\): api_key looks like a key/);
  });

  it("takes sources of models from the lists of ComfyUI-Manager", async () => {
    await writeFile(join(folder, "model-list.json"), JSON.stringify({ models: [{ name: "x", type: "checkpoint", base: "SD1.5", save_path: "default", filename: "sd15.safetensors", url: "https://example.com/sd15.safetensors" }] }));
    expect((await run(`--manager=${folder}`)).code).toBe(0);
    expect(await readFile(out, "utf8")).toContain('"https://example.com/sd15.safetensors"');
  });
});

describe("generate --update", () => {
  it("keeps what was written by hand when the graph has changed, and shows the differences", async () => {
    await run();
    await edit([
      ["What the result shows.", "A sentence about the picture."],
      ["  steps: z", "  rounds: z"],
      ["input.steps", "input.rounds"],
      [".max(150)", ".max(60)"],
      [/summary: "[^"]*"/.exec(await readFile(out, "utf8"))?.[0] ?? "", 'summary: "Foxes of all kinds"'],
    ]);
    const graph = sampleGraph();
    const ksampler = { class_type: "KSampler", inputs: { ...graph["3"]?.inputs, steps: 30 } };
    await writeFile(file, JSON.stringify({ ...graph, "3": ksampler, "11": { class_type: "ImageScaleBy", inputs: { image: ["8", 0], upscale_method: "lanczos", scale_by: 2 } } }));
    const { code, printed } = await run("--update");
    const text = await readFile(out, "utf8");
    expect(code).toBe(0);
    for (const kept of ["A sentence about the picture.", "steps: input.rounds", ".max(60)", 'summary: "Foxes of all kinds"']) expect(text).toContain(kept);
    expect(text).toContain(".default(30)");
    expect(text).toContain("ImageScaleBy");
    expect(printed).toContain("~ rounds: default 20 → 30");
    expect(printed).toMatch(/^\+ .*ImageScaleBy/m);
  });

  it("changes nothing but the head when nothing has changed", async () => {
    await run();
    const before = await readFile(out, "utf8");
    expect((await run("--update")).code).toBe(0);
    expect(await readFile(out, "utf8")).toBe(before);
  });

  it("does not bring back a field that was taken out by hand, and finds nodes that have new ids", async () => {
    await run();
    await edit([[/ {2}cfg: z[^\n]*(?:\n {4}[^\n]*)*\n/.exec(await readFile(out, "utf8"))?.[0] ?? "", ""], ["input.cfg", "7.5"]]);
    const moved = JSON.stringify(sampleGraph()).replaceAll('"6"', '"60"');
    await writeFile(file, moved);
    const { code } = await run("--update");
    const text = await readFile(out, "utf8");
    expect([code, text.includes("input.cfg"), text.includes("text: input.prompt")]).toEqual([0, false, true]);
  });

  it("tells of a field whose input is gone", async () => {
    await run();
    const { "5": _latent, ...graph } = sampleGraph();
    await writeFile(file, JSON.stringify({ ...graph, "5": { class_type: "EmptySD3LatentImage", inputs: { width: 512, height: 512, batch_size: 1 } } }));
    const { printed } = await run("--update");
    expect(printed).toMatch(/- width: the graph no longer has what it sets/);
  });

  it("refuses a module that was written by hand, for its code would be lost", async () => {
    await run();
    await edit([["// Made by comfyui-api", "// Written by me, not by comfyui-api"]]);
    const { code, complained } = await run("--update");
    expect([code, complained.includes("not made by this command")]).toEqual([1, true]);
  });

  it("says why when the module that stands there does not load", async () => {
    await run();
    await edit([["export default {", "export default {{"]]);
    const { code, complained } = await run("--update");
    expect([code, complained.includes("does not load")]).toEqual([1, true]);
  });
});
