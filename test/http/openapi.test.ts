import { expect, it } from "vitest";
import { z } from "zod";
import { jsonPointer } from "../../src/errors/pointer.ts";
import { openApiText } from "../../src/http/openapi/document.ts";
import { WorkflowRegistry } from "../../src/workflow/registry.ts";
import type { Workflow } from "../../src/workflow/workflow.ts";
import { ApiDocument } from "./api-document.ts";
import { openGateway } from "./gateway.ts";
import { testWorkflows } from "./test-workflows.ts";

const workflows = testWorkflows();
const [picture, edit] = workflows;
if (picture === undefined || edit === undefined) throw new Error("the workflows of the tests are missing");

/** A schema that refers to itself and to definitions, as zod writes recursive and shared types. */
const nested: Workflow = {
  ...picture,
  id: "test/nested",
  inputSchema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { tree: { $ref: "#/$defs/tree" } },
    required: ["tree"],
    $defs: { tree: { type: "object", properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/tree" } } }, required: ["name"] } },
  },
  example: { tree: { name: "root", children: [{ name: "leaf" }] } },
};

const text = openApiText({ version: "1.2.3", workflows: [...workflows, nested] });
const document = new ApiDocument(text);

function bodyOf(id: string, type: string): string {
  return jsonPointer(["paths", `/${id}`, "post", "requestBody", "content", type]);
}

function at(pointer: string): unknown {
  const steps = pointer.slice(1).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return steps.reduce<unknown>((value, step) => z.record(z.string(), z.unknown()).parse(value)[step], JSON.parse(text));
}

it("gives each operation an id of its own", () => {
  const ids = document.operationIds();
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toContain("run_test_deep_er_picture");
});

it.each([...workflows, nested].map(({ id }) => id))("shows for %s an example that its schema takes", (id) => {
  const body = bodyOf(id, "application/json");
  expect(document.faults(`${body}/schema`, at(`${body}/example`))).toEqual([]);
  expect(document.faults(`${body}/schema`, { nonsense: 1 })).not.toEqual([]);
});

it("keeps references of a workflow's schema within its component", () => {
  expect(document.faults(`${bodyOf("test/nested", "application/json")}/schema`, { tree: { name: "a", children: [{ name: 1 }] } })).not.toEqual([]);
});

it("offers a form where a workflow takes files, with the files as parts", () => {
  const schema = at(`${bodyOf(edit.id, "multipart/form-data")}/schema`);
  expect(schema).toMatchObject({ properties: { image: { type: "string", format: "binary" }, references: { type: "array", items: { format: "binary" } }, prompt: { type: "string", examples: [expect.any(String)] } } });
  expect(() => at(bodyOf(picture.id, "multipart/form-data"))).not.toThrow();
  expect(at(bodyOf(picture.id, "multipart/form-data"))).toBeUndefined();
});

it("writes the range of a seed digit for digit", () => {
  expect(text).toContain('"maximum":18446744073709551615');
});

it("resolves each of its references", () => {
  const references = [...text.matchAll(/"\$ref":"#([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(references.length).toBeGreaterThan(10);
  for (const reference of new Set(references)) expect(at(reference), reference).toBeDefined();
});

it("is the same text for the same workflows, and another once they have changed", async () => {
  expect(openApiText({ version: "1.2.3", workflows: [...workflows, nested] })).toBe(text);
  const registry = new WorkflowRegistry({ workflows: [picture], broken: [] });
  const { send, close } = await openGateway({ workflows: registry });
  const before = await send("GET", "/openapi.json");
  registry.replace({ workflows: [picture, nested], broken: [] });
  const after = await send("GET", "/openapi.json");
  await close();
  expect(before.bytes.toString()).not.toContain("/test/nested");
  expect(after.bytes.toString()).toContain("/test/nested");
});
