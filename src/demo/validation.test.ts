import { describe, expect, it } from "vitest";
import { FileTree } from "./file-tree.ts";
import { nodeClasses } from "./node-classes.ts";
import { MalformedPrompt, validatePrompt, type Validation, type ValidationParams } from "./validation.ts";

function validate(prompt: unknown, more: Partial<ValidationParams> = {}): Validation {
  return validatePrompt({ prompt, targets: null, definitions: nodeClasses, files: new FileTree(), dialect: "0.3.64", ...more });
}

const image = (inputs: object = {}): object => ({ class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color: 0, ...inputs } });
const save = (inputs: object = {}): object => ({ class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "x", ...inputs } });

/** The errors of node 1 behind a saver that takes its image. */
function errorsOf(node: object, more: Partial<ValidationParams> = {}): unknown {
  const validation = validate({ "1": node, "2": save() }, more);
  return validation.nodeErrors["1"] ?? null;
}

function single(error: object): object {
  return { errors: [expect.objectContaining(error)], dependent_outputs: ["2"] };
}

const widthSpec = ["INT", { default: 512, min: 1, max: 16384, step: 1 }];

describe("validatePrompt", () => {
  it.each([
    ["a value below the minimum", { width: 0 }, { type: "value_smaller_than_min", message: "Value 0 smaller than min of 1", details: "width", extra_info: { input_name: "width", input_config: widthSpec, received_value: 0 } }],
    ["a value above the maximum", { width: 99999 }, { type: "value_bigger_than_max", message: "Value 99999 bigger than max of 16384" }],
    ["a text that is no number", { width: "8.5" }, { type: "invalid_input_type", message: "Failed to convert an input value to a INT value", details: "width, 8.5, invalid literal for int() with base 10: '8.5'" }],
    ["null for a number", { width: null }, { type: "invalid_input_type", details: "width, None, int() argument must be a string, a bytes-like object or a real number, not 'NoneType'" }],
    ["a list that is no link", { width: [1, 2, 3] }, { type: "bad_linked_input", details: "width" }],
    ["a link to nowhere", { width: ["7", 0] }, { type: "exception_during_inner_validation", message: "Exception when validating inner node", details: "'7'" }],
  ])("names %s", (_, inputs, error) => {
    expect(errorsOf(image(inputs))).toMatchObject(single(error));
  });

  it("names a missing input", () => {
    expect(errorsOf({ class_type: "EmptyImage", inputs: { width: 1, height: 1, color: 0 } })).toMatchObject(
      single({ type: "required_input_missing", message: "Required input is missing", details: "batch_size", extra_info: { input_name: "batch_size" } }),
    );
  });

  it("names a choice that is not in the list, with the list when it is short and without when it is long", () => {
    const scale = { class_type: "ImageScale", inputs: { image: ["3", 0], upscale_method: "x", width: 1, height: 1, crop: "disabled" } };
    const short = validate({ "1": scale, "2": save(), "3": image() });
    expect(short.nodeErrors["1"]).toMatchObject(
      single({ type: "value_not_in_list", details: "upscale_method: 'x' not in ['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos']" }),
    );
    const sampler = { class_type: "KSampler", inputs: { model: ["3", 0], seed: 0, steps: 1, cfg: 1, sampler_name: "x", scheduler: "normal", positive: ["3", 0], negative: ["3", 0], latent_image: ["3", 0], denoise: 1 } };
    const long = validate({ "1": sampler, "2": { class_type: "PreviewAny", inputs: { source: ["1", 0] } }, "3": image() });
    expect(JSON.stringify(long.nodeErrors["1"])).toContain('"details":"sampler_name: \'x\' not in (list of length 42)","extra_info":{"input_name":"sampler_name","input_config":null');
  });

  it("names a link of the wrong type", () => {
    const { nodeErrors } = validate({ "1": image(), "2": save(), "3": { class_type: "ImageInvert", inputs: { image: ["4", 0] } }, "4": { class_type: "PrimitiveInt", inputs: { value: 1 } }, "5": save({ images: ["3", 0] }) });
    expect(nodeErrors).toMatchObject({
      "3": { errors: [{ type: "return_type_mismatch", details: "image, received_type(INT) mismatch input_type(IMAGE)", extra_info: { received_type: "INT", linked_node: ["4", 0] } }], dependent_outputs: ["5"] },
    });
  });

  it.each([
    ["a missing node", ["9", 0], "'9'", "KeyError"],
    ["a slot that is not there", ["1", 1], "tuple index out of range", "IndexError"],
    ["a slot given as text", ["1", "0"], "tuple indices must be integers or slices, not str", "TypeError"],
    ["a node id given as number", [1, 0], "1", "KeyError"],
  ])("answers a link of an output to %s with the Python exception", (_, link, details, type) => {
    expect(validate({ "1": image(), "2": save({ images: link }) })).toMatchObject({
      ok: false,
      error: { type: "prompt_outputs_failed_validation", details: `Exception when validating node: ${details}` },
      nodeErrors: { "2": { errors: [{ type: "exception_during_validation", details, extra_info: { exception_type: type } }] } },
    });
  });

  it("leaves the top-level details empty when the fault is upstream", () => {
    expect(validate({ "1": image({ width: 0 }), "2": save() })).toMatchObject({ ok: false, error: { details: "" } });
  });

  it("converts what Python would convert, and unwraps __value__", () => {
    const validation = validate({ "1": image({ width: "8", height: 8.9, color: { __value__: 7 }, batch_size: true }), "2": save({ filename_prefix: 5 }) });
    expect(validation).toMatchObject({
      ok: true,
      prompt: { "1": { inputs: { width: 8, height: 8, color: 7, batch_size: 1 } }, "2": { inputs: { filename_prefix: "5" } } },
    });
  });

  it("accepts a seed of 2^64−1 and refuses the next one", () => {
    const slow = (seed: bigint): object => ({ "1": { class_type: "Slow", inputs: { steps: 1, delay: 0, preview: false, seed } }, "2": save() });
    expect(validate(slow(2n ** 64n - 1n)).ok).toBe(true);
    expect(validate(slow(2n ** 64n)).nodeErrors["1"]).toMatchObject(single({ type: "value_bigger_than_max" }));
  });

  it("takes the outputs that are good and reports the others", () => {
    expect(validate({ "1": image(), "2": save(), "5": image({ width: 0 }), "6": save({ images: ["5", 0] }) })).toMatchObject({
      ok: true,
      outputs: ["2"],
      nodeErrors: { "5": { dependent_outputs: ["6"], class_type: "EmptyImage" } },
    });
  });

  it("asks the loader about its file, and about no list", () => {
    const files = new FileTree();
    files.write("input", "sub/a.png", new Uint8Array(1));
    const load = (name: unknown): object => ({ class_type: "LoadImage", inputs: { image: name } });
    expect(errorsOf(load("sub/a.png"), { files })).toBeNull();
    expect(errorsOf(load("nope.png"), { files })).toMatchObject(single({ type: "custom_validation_failed", details: "image - Invalid image file: nope.png" }));
    expect(errorsOf(load("../../etc/passwd"), { files })).toMatchObject(single({ type: "custom_validation_failed" }));
    expect(errorsOf({ class_type: "LoadImage", inputs: {} })).toMatchObject(
      single({ type: "exception_during_inner_validation", details: "LoadImage.VALIDATE_INPUTS() missing 1 required positional argument: 'image'" }),
    );
  });

  it("checks a V3 choice only as the newer server", () => {
    const scale = { class_type: "ImageScaleToTotalPixels", inputs: { image: ["3", 0], upscale_method: "bogus", megapixels: 1 } };
    const prompt = { "1": scale, "2": save(), "3": image() };
    expect(validate(prompt).ok).toBe(true);
    expect(validate(prompt, { dialect: "next" }).nodeErrors["1"]).toMatchObject(single({ type: "value_not_in_list" }));
  });

  it("names no error for a cycle, and the newer server names the cycle", () => {
    const invert = (source: string): object => ({ class_type: "ImageInvert", inputs: { image: [source, 0] } });
    const prompt = { "1": invert("3"), "3": invert("1"), "2": save() };
    expect(validate(prompt)).toMatchObject({ ok: false, error: { type: "prompt_outputs_failed_validation", details: "" }, nodeErrors: {} });
    expect(JSON.stringify(validate(prompt, { dialect: "next" }).nodeErrors)).toContain('"dependency_cycle"');
  });

  it.each([
    ["no node at all", {}, "prompt_no_outputs"],
    ["no output node", { "1": image() }, "prompt_no_outputs"],
    ["a node without class", { "1": { inputs: {} } }, "invalid_prompt"],
    ["an unknown class that nothing needs", { "1": image(), "2": save(), "3": { class_type: "Nope", inputs: {} } }, "invalid_prompt"],
  ])("refuses a prompt with %s", (_, prompt, type) => {
    expect(validate(prompt)).toMatchObject({ ok: false, error: { type }, nodeErrors: {} });
  });

  it("runs only the outputs that are asked for", () => {
    const prompt = { "1": image(), "2": save(), "3": save() };
    expect(validate(prompt, { targets: ["3"] })).toMatchObject({ ok: true, outputs: ["3"] });
    expect(validate(prompt, { targets: ["9"] })).toMatchObject({ error: { type: "prompt_no_outputs" } });
  });

  it("names class, node and title of an unknown class as the newer server", () => {
    expect(validate({ "7": { class_type: "Nope", inputs: {}, _meta: { title: "My node" } } }, { dialect: "next" })).toMatchObject({
      error: {
        type: "missing_node_type",
        message: "Node 'My node' not found. The custom node may not be installed.",
        extra_info: { node_id: "7", class_type: "Nope", node_title: "My node" },
      },
    });
  });

  it.each([[null], ["x"], [["a"]], [{ "1": 3 }]])("does not take %j for a prompt", (prompt) => {
    expect(() => validate(prompt)).toThrow(MalformedPrompt);
  });
});
