import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { discoverWorkflows } from "../src/workflow/discover.ts";
import { drawSeed } from "../src/workflow/draw-seed.ts";
import { prepareRun } from "../src/workflow/prepare.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "documentation-"));
});
afterEach(() => rm(dir, { recursive: true }));

/** The code of docs/workflows.md that begins with the file it belongs into. */
async function modulesInTheDocs(): Promise<readonly { file: string; text: string }[]> {
  const page = await readFile(join(import.meta.dirname, "../docs/workflows.md"), "utf8");
  return [...page.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, file = "", text = ""]) => ({ file, text }));
}

it("every module in docs/workflows.md works as it stands", async () => {
  const modules = await modulesInTheDocs();
  for (const { file, text } of modules) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  const { workflows, broken } = await discoverWorkflows({ builtins: [], dir });
  expect(broken).toEqual([]);
  expect(workflows.map(({ id }) => id)).toEqual(["portrait/sketch", "portrait/soften"]);
  for (const workflow of workflows) {
    const { graph } = await prepareRun(workflow, workflow.example, { resolveFile: () => Promise.resolve({ fileId: "f", name: "f.png" }), drawSeed });
    for (const { class_type } of Object.values(graph)) expect(workflow.metadata.requiredNodes).toContain(class_type);
  }
});

it("the syntax error that docs/workflows.md shows is the one that is reported", async () => {
  await mkdir(join(dir, "portrait"));
  await writeFile(join(dir, "portrait/sketch.ts"), "\n\n\n\n\n\nconst RequestSchema = z.object({ prompt: z.string() steps: z.number() });\n");
  const { broken } = await discoverWorkflows({ builtins: [], dir });
  const page = await readFile(join(import.meta.dirname, "../docs/workflows.md"), "utf8");
  expect(page).toContain(broken[0]?.message);
});
