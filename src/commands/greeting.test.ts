import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load-config.ts";
import type { Workflow } from "../workflow/workflow.ts";
import { greeting } from "./greeting.ts";
import type { RunningGateway } from "./command.ts";

const { config } = loadConfig({ argv: ["--comfyui-url=http://me:hunter2@gpu:8188"], env: {}, readFile: () => "" });

function workflow(id: string, over: Partial<Workflow> = {}): Workflow {
  return {
    id,
    summary: "",
    description: "",
    metadata: { requiredNodes: [], requiredModels: [], modelSources: {} },
    inputSchema: {},
    defaults: {},
    example: { prompt: "it's a test" },
    fileFields: [],
    seedFields: [],
    parse: () => ({}),
    generate: () => ({}),
    ...over,
  };
}

function greet(over: Partial<RunningGateway>, settings = config): string {
  const nothing = { workflows: [], broken: [] };
  return greeting({ url: "http://127.0.0.1:3000", demo: false, workflows: nothing, stop: () => Promise.resolve(), ...over }, settings, "1.2.3");
}

describe("the greeting", () => {
  it("says plainly that the demo draws and generates nothing", () => {
    expect(greet({ demo: true })).toContain("Demo mode: no ComfyUI is used; pictures are drawn, not generated. Set COMFYUI_URL to use yours.\n");
    expect(greet({ demo: true })).not.toContain("8188");
  });

  it("names the ComfyUI in use without its password", () => {
    expect(greet({})).toContain("ComfyUI: http://***@gpu:8188\n");
  });

  it("gives the line of the README when that workflow is there", () => {
    const workflows = { workflows: [workflow("a/b"), workflow("qwen/qwen_base_txt2img")], broken: [] };
    expect(greet({ workflows })).toContain(`curl -X POST http://127.0.0.1:3000/qwen/qwen_base_txt2img -d '{"prompt":"test"}'\n`);
  });

  it.each([{ apiKeysFile: "keys.yml" }, { apiKeys: "me:a-key-that-is-secret" }])("gives a line that works with keys, and tells none: %o", (keys) => {
    const shown = greet({ workflows: { workflows: [workflow("a/b")], broken: [] } }, { ...config, ...keys });
    expect(shown).toContain(`' -H "X-API-Key: $KEY"\n`);
    expect(shown).not.toContain("secret");
  });

  it("else gives another workflow's example, quoted for a shell, and none that needs a file", () => {
    const needsFile = workflow("a/edit", { fileFields: [{ path: ["image"], accepts: "image" }] });
    const shown = greet({ workflows: { workflows: [needsFile, workflow("b/c")], broken: [] } });
    expect(shown).toContain(String.raw`/b/c -d '{"prompt":"it'\''s a test"}'`);
    expect(greet({ workflows: { workflows: [needsFile], broken: [] } })).not.toContain("curl");
  });

  it("reports each broken workflow with file, line and cause", () => {
    const broken = [
      { id: "my/a", file: "my/a.ts", line: 3, column: 29, message: "my/a.ts:3:29: Unexpected token\n  source\n" },
      { id: "my/b", file: "my/b.ts", line: null, column: null, message: "exports nothing" },
    ];
    expect(greet({ workflows: { workflows: [], broken } })).toContain(
      "Broken workflows, not served: 2\n  my/a.ts:3:29: Unexpected token\n      source\n  my/b.ts: exports nothing\n",
    );
  });
});
