import { describe, expect, it } from "vitest";
import type { Workflow } from "../../workflow/workflow.ts";
import { viewWorkflow } from "./workflow-view.ts";

const workflow: Workflow = {
  id: "my/form",
  summary: "s",
  description: "d",
  metadata: { requiredNodes: ["SaveImage"], requiredModels: [], modelSources: {}, tags: ["a"] },
  inputSchema: { type: "object" },
  defaults: {},
  example: {},
  fileFields: [{ path: ["images", "*"], accepts: "image" }],
  seedFields: [],
  parse: () => ({}),
  generate: () => ({}),
};

describe("viewWorkflow", () => {
  it("writes the metadata in snake_case and keeps what else the author wrote", () => {
    const view = viewWorkflow(workflow, "http://host");
    expect(view.metadata).toEqual({ required_nodes: ["SaveImage"], required_models: [], model_sources: {}, tags: ["a"] });
    expect(view.files).toEqual([{ pointer: "/images/*", accepts: "image" }]);
    expect(view.form).toBeNull();
  });

  it("shows how the inputs are laid out where the file says so", () => {
    const form = {
      sections: [{ id: "main", title: "Main", collapsed: false }],
      fields: [{ name: "size", label: "Size", section: "main", control: "select", options: [{ value: 1, label: "one" }], dependsOn: { field: "on", values: [true] } }],
    };
    expect(viewWorkflow({ ...workflow, form }, "http://host").form).toEqual({
      sections: form.sections,
      fields: [{ name: "size", label: "Size", section: "main", control: "select", options: [{ value: 1, label: "one" }], depends_on: { field: "on", values: [true] } }],
    });
  });
});
