import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import type { Workflow } from "../../workflow/workflow.ts";
import { curlLine } from "./curl-line.ts";

function workflow(parts: Partial<Workflow>): Workflow {
  return {
    id: "a/b",
    summary: "",
    description: "",
    metadata: { requiredNodes: [], requiredModels: [], modelSources: {} },
    inputSchema: {},
    defaults: {},
    example: {},
    fileFields: [],
    seedFields: [],
    parse: () => ({}),
    generate: () => ({}),
    ...parts,
  };
}

/** The words a shell makes of a line. */
function words(line: string): string[] {
  return execFileSync("sh", ["-c", line.replace("curl", "printf '%s\\n'")], { encoding: "utf8" }).trimEnd().split("\n");
}

it("sends what is needed and leaves the rest to the defaults", () => {
  const line = curlLine(workflow({ defaults: { steps: 20 }, example: { prompt: "a cat", steps: 20 } }), "http://h:3000");
  expect(line).toBe(`curl -X POST 'http://h:3000/a/b' -d '{"prompt":"a cat"}'`);
});

it("survives a shell, whatever the example holds", () => {
  const prompt = "it's $HOME `id` \"x\" \\";
  expect(words(curlLine(workflow({ example: { prompt } }), "http://h")).at(-1)).toBe(JSON.stringify({ prompt }));
});

it("sends a form when a file is needed", () => {
  const line = curlLine(workflow({ example: { image: "data:…", prompt: "@home", n: 2 }, fileFields: [{ path: ["image"], accepts: "image" }] }), "http://h");
  expect(words(line)).toEqual(["-X", "POST", "http://h/a/b", "-F", "image=@photo.png", "--form-string", "prompt=@home", "--form-string", "n=2"]);
});
