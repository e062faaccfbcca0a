import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import type { Command, ExitCode, Surroundings } from "./command.ts";
import { convert } from "./convert.ts";
import { workflows } from "./workflows.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "commands-"));
});
afterEach(() => rm(dir, { recursive: true }));

async function put(file: string, content: string | Uint8Array): Promise<string> {
  await mkdir(dirname(join(dir, file)), { recursive: true });
  await writeFile(join(dir, file), content);
  return join(dir, file);
}

interface Ran {
  readonly code: ExitCode;
  readonly printed: string;
  readonly complained: string;
}

async function run(command: Command, ...argv: readonly string[]): Promise<Ran> {
  let [printed, complained] = ["", ""];
  const surroundings: Pick<Surroundings, "builtinWorkflows" | "env" | "readFile" | "workflowsBeside" | "print" | "complain"> = {
    builtinWorkflows: [],
    env: { DATA_DIR: join(dir, "data"), WORKFLOWS_DIR: join(dir, "w") },
    readFile: (path) => {
      throw new Error(`ENOENT: ${path}`);
    },
    workflowsBeside: null,
    print: (text) => {
      printed += text;
    },
    complain: (text) => {
      complained += text;
    },
  };
  const code = await command.run(argv, { ...unused, ...surroundings });
  return { code, printed, complained };
}

const unused: Surroundings = {
  build: { version: "1.2.3", commit: null, node: "24.21.0" },
  executable: null,
  supervisor: { ready: () => Promise.resolve(), stopping: () => Promise.resolve() },
  runProgram: () => Promise.resolve({ code: 127, stdout: "", stderr: "" }),
  isRoot: false,
  builtinWorkflows: [],
  env: {},
  readFile: () => "",
  workflowsBeside: null,
  print: () => undefined,
  complain: () => undefined,
  terminal: () => null,
  readerGone: new AbortController().signal,
  clock: new HeldClock(),
  stopAsked: new AbortController().signal,
  startGateway: () => Promise.reject(new Error("no gateway here")),
};

const gui = JSON.stringify({
  nodes: [
    { id: 1, type: "EmptyLatentImage", inputs: [], outputs: [{ name: "LATENT", type: "LATENT" }], widgets_values: [512, 768, 1] },
    { id: 2, type: "SaveLatent", inputs: [{ name: "samples", type: "LATENT", link: 1 }], outputs: [], widgets_values: ["x"] },
  ],
  links: [[1, 1, 0, 2, 0, "LATENT"]],
  version: 0.4,
}, null, 1);
const own = gui.replaceAll("SaveLatent", "OwnSave");
const ownCatalog = JSON.stringify({
  EmptyLatentImage: { input: { required: { width: ["INT"], height: ["INT"], batch_size: ["INT"] } }, output: ["LATENT"] },
  OwnSave: { input: { required: { samples: ["LATENT"], filename_prefix: ["STRING"] } }, output: [], output_node: true, python_module: "custom_nodes.own" },
});

describe("comfyui-api convert", () => {
  it("prints the graph alone, and what became of each node on request", async () => {
    const file = await put("x.json", gui);
    const { code, printed, complained } = await run(convert, file, "--report");
    expect(code).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ "1": { inputs: { width: 512, height: 768, batch_size: 1 } }, "2": { inputs: { samples: ["1", 0], filename_prefix: "x" } } });
    expect(complained).toBe("1  converted  EmptyLatentImage\n2  converted  SaveLatent\n");
  });

  it("ends with 1 on anything not exact, names it with its place, and prints a graph only when allowed", async () => {
    const file = await put("x.json", own);
    const refused = await run(convert, file);
    expect(refused).toMatchObject({ code: 1, printed: "" });
    expect(refused.complained).toMatch(new RegExp(`^${file}:\\d+:\\d+: Node 2: .*OwnSave.*\nNot exact: 1 problem with the core nodes alone`, "s"));
    const allowed = await run(convert, file, "--allow");
    expect(allowed.code).toBe(1);
    expect(JSON.parse(allowed.printed)).toEqual({ "1": expect.anything(), "2": expect.anything() });
  });

  it("uses a catalog that is named, else the one that the gateway has kept", async () => {
    const file = await put("x.json", own);
    const named = await put("catalog.json", ownCatalog);
    expect((await run(convert, file, "--catalog", named)).code).toBe(0);
    await put("data/catalog.json.gz", gzipSync(ownCatalog));
    expect((await run(convert, file)).code).toBe(0);
  });

  it.each([
    [[], 2, /Name one file/],
    [["a", "b"], 2, /Name one file/],
    [["a", "--repport"], 2, /did you mean --report/],
    [["none.json"], 1, /none\.json cannot be read/],
  ])("answers %j with %d", async (argv, code, complained) => {
    expect(await run(convert, ...argv)).toMatchObject({ code, printed: "", complained: expect.stringMatching(complained) });
  });

  it("says what is wrong with a file or a catalog that is none", async () => {
    const text = await put("x.txt", "hello");
    expect(await run(convert, text)).toMatchObject({ code: 1, complained: expect.stringMatching(/x\.txt: The file is neither JSON/) });
    expect(await run(convert, await put("x.json", gui), "--catalog", text)).toMatchObject({ code: 1, complained: expect.stringMatching(/catalog is not JSON/) });
  });
});

describe("comfyui-api workflows", () => {
  it("lists what the gateway would serve, and ends with 1 when a file is broken", async () => {
    await put("w/a/latent.json", gui);
    expect(await run(workflows, "list")).toEqual({ code: 0, printed: "a/latent  Latent\n", complained: "" });
    await put("w/a/broken.json", "{");
    const { code, printed, complained } = await run(workflows, "list", "--json");
    expect([code, complained]).toEqual([1, ""]);
    expect(JSON.parse(printed)).toMatchObject({ workflows: [{ id: "a/latent" }], broken: [{ file: "a/broken.json", line: 1 }] });
  });

  it("checks the gateway's folder, another folder, or single files", async () => {
    await put("w/a/latent.json", gui);
    expect(await run(workflows, "check")).toMatchObject({ code: 0, printed: "1 workflow well, no problems\n" });
    await put("other/a/broken.json", '{"1":\n  x}');
    const folder = await run(workflows, "check", join(dir, "other"));
    expect(folder).toEqual({ code: 1, printed: "0 workflows well, 1 problem\n", complained: expect.stringMatching(/^a\/broken\.json:2:3: The file is not JSON/) });
    const files = await run(workflows, "check", join(dir, "w/a/latent.json"), join(dir, "other/a/broken.json"), join(dir, "none"));
    expect(files).toMatchObject({ code: 1, printed: "1 workflow well, 2 problems\n", complained: expect.stringMatching(/broken\.json:2:3: .*none: there is no such file/s) });
  });

  it("shows the schema, what each field sets, and what is needed", async () => {
    await put("w/a/latent.json", gui);
    const text = await run(workflows, "show", "a/latent");
    expect(text.code).toBe(0);
    expect(text.printed).toMatch(/width: integer 16–16384, default 512\n.*\n {6}sets 1\/width\n/);
    expect(text.printed).toContain("EmptyLatentImage, SaveLatent");
    const json = JSON.parse((await run(workflows, "show", "a/latent", "--json")).printed);
    expect(json).toMatchObject({
      id: "a/latent",
      inputs: { properties: { width: { type: "integer", default: 512 } } },
      parameters: expect.arrayContaining([{ name: "width", sets: ["1/width"] }]),
      dependencies: { nodes: ["EmptyLatentImage", "SaveLatent"], models: [] },
    });
  });

  it("tells why a workflow is not there", async () => {
    await put("w/a/latent.json", gui);
    await put("w/a/broken.json", "{");
    expect(await run(workflows, "show", "a/latant")).toMatchObject({ code: 1, complained: "There is no workflow a/latant. Did you mean a/latent?\n" });
    expect(await run(workflows, "show", "a/broken")).toMatchObject({ code: 1, complained: expect.stringMatching(/^a\/broken\.json:1:/) });
  });

  it.each([
    [[], /Say what to do/],
    [["lsit"], /Did you mean `workflows list`/],
    [["show"], /Name one workflow/],
    [["list", "x"], /unexpected argument/],
  ])("answers %j with 2", async (argv, complained) => {
    expect(await run(workflows, ...argv)).toMatchObject({ code: 2, printed: "", complained: expect.stringMatching(complained) });
  });
});
