import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { discoverWorkflows } from "./discover.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "discover-"));
});
afterEach(() => rm(dir, { recursive: true }));

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, file)), { recursive: true });
  await writeFile(join(dir, file), text);
}

const contract = (summary: string) => ({
  RequestSchema: z.object({}),
  generateWorkflow: () => ({ "1": { class_type: "X", inputs: {} } }),
  summary,
  description: "d",
  metadata: { requiredNodes: [], requiredModels: [], modelSources: {} },
});

const moduleText = (summary: string) => `
import { z } from "zod";
import { seed } from "comfyui-api/fields";
const RequestSchema = z.object({ prompt: z.string(), seed: seed() });
export default {
  RequestSchema,
  generateWorkflow: (input: z.infer<typeof RequestSchema>) => ({ "1": { class_type: "KSampler", inputs: { text: input.prompt, seed: input.seed } } }),
  summary: ${JSON.stringify(summary)},
  description: "d",
  metadata: { requiredNodes: ["KSampler"], requiredModels: [], modelSources: {} },
};
`;

const builtins = [{ id: "a/one", module: { default: contract("built in") } }, { id: "a/two", module: { default: contract("built in") } }];

describe("discoverWorkflows", () => {
  it("serves the built-in workflows alone", async () => {
    const { workflows, broken, shadowed } = await discoverWorkflows({ builtins });
    expect([workflows.map(({ id }) => id), broken, shadowed]).toEqual([["a/one", "a/two"], [], []]);
  });

  it("makes a working workflow of a TypeScript file, which stands in for a built-in one of its id", async () => {
    await put("a/two.ts", moduleText("mine"));
    await put("b/three.ts", moduleText("new"));
    const { workflows, shadowed } = await discoverWorkflows({ builtins, dir });
    expect(Object.fromEntries(workflows.map(({ id, summary }) => [id, summary]))).toEqual({ "a/one": "built in", "a/two": "mine", "b/three": "new" });
    expect(shadowed).toEqual(["a/two"]);
    const three = workflows.find(({ id }) => id === "b/three");
    expect(three?.seedFields).toEqual(["seed"]);
    expect(three?.generate({ prompt: "x", seed: 2n ** 60n })).toEqual({ "1": { class_type: "KSampler", inputs: { text: "x", seed: 2n ** 60n } } });
  });

  it("lists what is broken with file, line and cause while the others stand", async () => {
    await put("b/syntax.ts", "const a = 1;\nexport default { a b };\n");
    await put("b/throws.ts", "\n\nthrow new Error('no luck');");
    await put("b/lacks.ts", "export default { summary: 'only that' };");
    await put("v1/x.ts", moduleText("unreachable"));
    await put("b/good.ts", moduleText("good"));
    const { workflows, broken } = await discoverWorkflows({ builtins, dir });
    expect(workflows.map(({ id }) => id)).toEqual(["a/one", "a/two", "b/good"]);
    expect(broken).toEqual([
      { id: "b/lacks", file: "b/lacks.ts", line: null, column: null, message: expect.stringMatching(/^b\/lacks\.ts: RequestSchema is missing.*; generateWorkflow is missing/) },
      { id: "b/syntax", file: "b/syntax.ts", line: 2, column: expect.any(Number), message: expect.stringMatching(/^b\/syntax\.ts:2:/) },
      { id: "b/throws", file: "b/throws.ts", line: 3, column: null, message: "b/throws.ts:3: no luck" },
      { id: "v1/x", file: "v1/x.ts", line: null, column: null, message: expect.stringContaining("gateway itself") },
    ]);
  });

  it("does not fall back to a built-in workflow when the file in its place is broken", async () => {
    await put("a/one.ts", "oops(");
    const { workflows, broken, shadowed } = await discoverWorkflows({ builtins, dir });
    expect(workflows.map(({ id }) => id)).toEqual(["a/two"]);
    expect(broken.map(({ id }) => id)).toEqual(["a/one"]);
    expect(shadowed).toEqual(["a/one"]);
  });

  it("reads every file anew each time, helpers too", async () => {
    await put("_text.ts", "export const text = 'first';");
    await put("b/x.ts", moduleText("x").replace('summary: "x"', "summary: text").replace('import { z }', 'import { text } from "../_text.js";\nimport { z }'));
    const summaries = async () => (await discoverWorkflows({ builtins: [], dir })).workflows.map(({ summary }) => summary);
    expect(await summaries()).toEqual(["first"]);
    await put("_text.ts", "export const text = 'second';");
    expect(await summaries()).toEqual(["second"]);
  });
});
