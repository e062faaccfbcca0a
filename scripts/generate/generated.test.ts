import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { errorTable } from "../../src/errors/table.ts";
import { docsAssets } from "./docs-assets.ts";
import { errorPage } from "./error-page.ts";
import { workflowIndex } from "./workflow-index.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "generated-"));
  await mkdir(join(root, "workflows/a"), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

describe("the index of built-in workflows", () => {
  it("imports every workflow of the folder by its id", async () => {
    for (const name of ["y.ts", "x.ts", "_parts.ts", "x.test.ts"]) await writeFile(join(root, "workflows/a", name), "");
    const text = await workflowIndex(root).text();
    expect(text).toContain('import * as m0 from "../../workflows/a/x.ts";\nimport * as m1 from "../../workflows/a/y.ts";\n');
    expect(text).toContain('  { id: "a/x", module: m0 },\n  { id: "a/y", module: m1 },\n');
    expect(text).not.toMatch(/_parts|test/);
  });

  it("is not written when a file there could not be served", async () => {
    await writeFile(join(root, "workflows/lonely.ts"), "");
    await expect(workflowIndex(root).text()).rejects.toThrow(/lonely\.ts: A workflow stands in a folder/);
  });
});

describe("the docs page's assets", () => {
  it("unpack to Swagger UI, byte for byte the same each time", async () => {
    const text = await docsAssets().text();
    expect(await docsAssets().text()).toBe(text);
    const [bundle, stylesheet] = [...text.matchAll(/gzipBase64: "([^"]+)"/g)].map(([, base64 = ""]) => gunzipSync(Buffer.from(base64, "base64")).toString("utf8"));
    expect(bundle).toContain("SwaggerUIBundle");
    expect(stylesheet).toContain(".swagger-ui");
    expect(text).toMatch(/version: "\d+\.\d+\.\d+"/);
  });
});

describe("the page of errors", () => {
  it("has a row for every code", async () => {
    const text = await errorPage().text();
    for (const [code, { status, title }] of Object.entries(errorTable)) expect(text).toContain(`| \`${code}\` | ${status} | ${title} |`);
  });
});
