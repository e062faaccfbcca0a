import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { coreCatalog } from "../../src/graph/core-catalog.ts";
import { discoverWorkflows, type DiscoveredWorkflows } from "../../src/workflow/discover.ts";

/** What the wrapper in docs/workflows.md is put around. */
const upscale = {
  nodes: [
    { id: 1, type: "LoadImage", inputs: [], outputs: [{ name: "IMAGE", type: "IMAGE" }, { name: "MASK", type: "MASK" }], widgets_values: ["a.png", "image"] },
    { id: 2, type: "ImageScaleBy", inputs: [{ name: "image", type: "IMAGE", link: 1 }], outputs: [{ name: "IMAGE", type: "IMAGE" }], widgets_values: ["lanczos", 2] },
    { id: 3, type: "SaveImage", inputs: [{ name: "images", type: "IMAGE", link: 2 }], outputs: [], widgets_values: ["large"] },
    { id: 4, type: "SaveImage", mode: 2, inputs: [{ name: "images", type: "IMAGE", link: 3 }], outputs: [], widgets_values: ["was small"] },
  ],
  links: [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"], [3, 1, 0, 4, 0, "IMAGE"]],
  version: 0.4,
};

let dir = "";
let found: DiscoveredWorkflows = { workflows: [], broken: [], shadowed: [], notes: [] };
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "documentation-"));
  const page = await readFile(join(import.meta.dirname, "../../docs/workflows.md"), "utf8");
  const files = [...page.matchAll(/^`(\S+)`:\n\n```(?:json|yaml)\n(.*?)^```$/gms)].map(([, file = "", text = ""]) => ({ file, text }));
  for (const { file, text } of [...files, { file: "portrait/_upscale.json", text: JSON.stringify(upscale) }]) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  found = await discoverWorkflows({ builtins: [], dir, catalog: coreCatalog() });
});
afterAll(() => rm(dir, { recursive: true }));

it("every template, wrapper and sidecar in docs/workflows.md works as it stands", () => {
  expect([found.broken, found.notes]).toEqual([[], []]);
  expect(found.workflows.map(({ id, summary }) => [id, summary])).toEqual([["portrait/poster", "Posters"], ["portrait/upscale", "Upscale"]]);
});

it("the template has the inputs that the page says", () => {
  const poster = found.workflows.find(({ id }) => id === "portrait/poster");
  expect(poster?.inputSchema["properties"]).toMatchObject({ subject: { type: "string" }, style: { type: "string" }, width: { type: "integer", default: 512 }, steps: { type: "integer", default: 20 } });
  expect(poster?.seedFields).toEqual(["seed"]);
  expect(poster?.metadata).toMatchObject({ tags: ["image", "fast"], requiredModels: ["v1-5-pruned-emaonly-fp16.safetensors"] });
});

it("the wrapper does what the page says", () => {
  const workflow = found.workflows.find(({ id }) => id === "portrait/upscale");
  const make = (inputs: object) => workflow?.generate(workflow.parse({ image: "https://x.test/a.png", ...inputs }));
  expect(make({ factor: 3 })).toMatchObject({ "1": { inputs: { image: "https://x.test/a.png" } }, "2": { inputs: { scale_by: 3 } } });
  expect(make({})).not.toHaveProperty("4");
  expect(make({ save_small: true, small_name: "tiny" })?.["4"]?.inputs).toEqual({ images: ["1", 0], filename_prefix: "tiny" });
});
