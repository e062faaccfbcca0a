import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parsePythonJson } from "../json/exact.ts";
import { parseCatalog } from "./catalog.ts";
import { isWidget } from "./catalog/input-spec.ts";

const recorded = "../shared/fixtures/object_info/comfyui-0.3.64-core.json.gz";

function specOf(declared: unknown, options: { section?: "required" | "optional" } = {}) {
  const { catalog } = parseCatalog({ A: { input: { [options.section ?? "required"]: { x: declared } } } });
  const input = catalog.classes.get("A")?.inputs[0];
  if (input === undefined) throw new Error("the class has no input");
  return input;
}

describe("parseCatalog", () => {
  it("keeps the declared order of inputs, names that look like numbers too", () => {
    const { catalog } = parseCatalog({
      A: {
        input: { required: { b: ["INT"], "10": ["INT"], "2": ["INT"] }, optional: { z: ["INT"], a: ["INT"] } },
        input_order: { required: ["b", "10", "gone"], optional: ["z", "a"] },
      },
    });
    expect(catalog.classes.get("A")?.inputs.map((input) => input.name)).toEqual(["b", "10", "2", "z", "a"]);
  });

  it("keeps a seed's greatest value exact", () => {
    const text = '{"A":{"input":{"required":{"seed":["INT",{"default":0,"min":0,"max":18446744073709551615,"control_after_generate":true}]}}}}';
    const spec = parseCatalog(parsePythonJson(text)).catalog.classes.get("A")?.inputs[0]?.spec;
    expect(spec).toMatchObject({ kind: "int", min: 0, max: 18_446_744_073_709_551_615n, controlAfterGenerate: true });
  });

  it("reads both forms of a combo", () => {
    expect(specOf([["a", 1, true], { default: 1, image_upload: true }]).spec).toMatchObject({
      kind: "combo", types: ["COMBO"], options: ["a", 1, true], default: 1, upload: "image", multiselect: false,
    });
    expect(specOf(["COMBO", { options: ["a"], multiselect: true, remote: { route: "/files" } }]).spec).toMatchObject({
      kind: "combo", options: ["a"], multiselect: true, remoteRoute: "/files",
    });
    expect(specOf(["COMBO", { remote: { route: "/files" } }]).spec).toMatchObject({ kind: "combo", options: [] });
  });

  it("tells sockets, unions and widgets of other types apart", () => {
    expect(specOf(["IMAGE"]).spec).toMatchObject({ kind: "socket", types: ["IMAGE"] });
    expect(specOf("IMAGE").spec).toMatchObject({ kind: "socket", types: ["IMAGE"] });
    expect(specOf(["*", {}, "more"]).spec).toMatchObject({ kind: "socket", types: ["*"] });
    expect(specOf(["INT,FLOAT", {}]).spec).toMatchObject({ kind: "socket", types: ["INT", "FLOAT"] });
    expect(specOf(["STRING,FILE_3D", { widgetType: "STRING" }]).spec).toMatchObject({ kind: "string", types: ["STRING", "FILE_3D"] });
    expect(specOf(["IMAGECOMPARE", { socketless: true }]).spec).toMatchObject({ kind: "widget", socketless: true });
    expect(isWidget(specOf(["STRING", { forceInput: true }]).spec)).toBe(false);
    expect(isWidget(specOf(["COLOR"]).spec)).toBe(true);
    expect(isWidget(specOf(["IMAGE"]).spec)).toBe(false);
  });

  it("reads the dynamic inputs of newer classes", () => {
    expect(specOf(["COMFY_AUTOGROW_V3", { template: { input: { required: { v: ["IMAGE"] } }, prefix: "image", min: 1, max: 3 } }]).spec).toMatchObject({
      kind: "autogrow", slotNames: ["image0", "image1", "image2"], min: 1, template: { kind: "socket", types: ["IMAGE"] },
    });
    expect(specOf(["COMFY_AUTOGROW_V3", { template: { input: { required: { v: ["INT"] } }, names: ["a", "b"], min: 1 } }]).spec).toMatchObject({
      kind: "autogrow", slotNames: ["a", "b"], template: { kind: "int" },
    });
    const combo = specOf(["COMFY_DYNAMICCOMBO_V3", { options: [{ key: "mp4", inputs: { required: { codec: ["COMBO", { options: ["h264"] }] } } }] }]).spec;
    expect(combo).toMatchObject({ kind: "dynamic_combo", choices: [{ key: "mp4", inputs: [{ name: "codec", required: true, spec: { kind: "combo" } }] }] });
    expect(specOf(["COMFY_DYNAMICSLOT_V3", { slotType: "IMAGE", inputs: { optional: { s: ["FLOAT"] } } }]).spec).toMatchObject({
      kind: "dynamic_slot", types: ["IMAGE"], inputs: [{ name: "s", required: false }],
    });
    expect(specOf(["COMFY_DYNAMICGROUP_V3", { template: { required: { s: ["FLOAT"] } }, min: 1, max: 99 }]).spec).toMatchObject({
      kind: "dynamic_group", fields: [{ name: "s" }], min: 1, max: 20,
    });
    expect(specOf(["COMFY_MATCHTYPE_V3", { template: { template_id: "t", allowed_types: "IMAGE,MASK" } }]).spec).toMatchObject({
      kind: "socket", types: ["IMAGE", "MASK"], matchTemplate: "t",
    });
  });

  it("reads what a class says of itself, and who brought it", () => {
    const { catalog } = parseCatalog({
      Core: { output: ["IMAGE", ["a", "b"]], output_name: ["IMG"], output_is_list: [true, false], python_module: "comfy_extras.nodes_x", display_name: null },
      Pack: { python_module: "custom_nodes.ComfyUI-Some.Pack", output_node: true, deprecated: true, api_node: false, input: { hidden: { id: "UNIQUE_ID", p: ["PROMPT"] } } },
    });
    expect(catalog.classes.get("Core")).toMatchObject({
      outputs: [{ name: "IMG", type: "IMAGE", isList: true }, { name: "COMBO", type: "COMBO", isList: false }],
      packFolder: undefined, displayName: undefined, outputNode: false,
    });
    expect(catalog.classes.get("Pack")).toMatchObject({
      packFolder: "ComfyUI-Some.Pack", outputNode: true, deprecated: true, apiNode: false,
      hiddenInputs: [{ name: "id", type: "UNIQUE_ID" }, { name: "p", type: "PROMPT" }],
    });
  });

  it("leaves out a class that makes no sense, says so, and keeps the others", () => {
    let deep: unknown = "IMAGE";
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    const { catalog, notes } = parseCatalog({ Bad: "what", Worse: { input: [1] }, Deep: { input: { required: { x: deep } } }, Odd: { input: { required: { x: [{}], y: ["INT"] } } } });
    expect([...catalog.classes.keys()]).toEqual(["Odd"]);
    expect(catalog.classes.get("Odd")?.inputs.map((input) => input.spec.kind)).toEqual(["socket", "int"]);
    expect(notes.map((note) => [note.className, note.input])).toEqual([["Bad", undefined], ["Worse", undefined], ["Deep", undefined], ["Odd", "x"]]);
    expect(parseCatalog([]).notes).toHaveLength(1);
  });

  it.skipIf(!existsSync(recorded))("understands every class of a recorded ComfyUI (skipped without ../shared)", () => {
    const { catalog, notes } = parseCatalog(parsePythonJson(gunzipSync(readFileSync(recorded)).toString()));
    expect(notes).toEqual([]);
    expect(catalog.classes.size).toBe(496);
    const kinds = [...catalog.classes.values()].flatMap((nodeClass) => nodeClass.inputs.map((input) => input.spec.kind));
    expect(kinds.filter((kind) => kind === "combo")).toHaveLength(325);
  });
});
