import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseGraph } from "../graph/graph.ts";
import { stringifyJson } from "../json/exact.ts";
import { nodeErrorsSchema, parseRejection, refusedOutputs } from "./rejection.ts";
import { haveTraces, readTrace } from "./traces.ts";

const acceptedAnswer = z.looseObject({ node_errors: nodeErrorsSchema });

const graph = parseGraph({
  "1": { class_type: "Loader", inputs: {} },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0] } },
});

/** The only fault of a graph that was refused for one fault of node 1. */
function faultOf(type: string, details: string, extraInfo: object): { message: string; pointer: string } {
  const body = {
    error: { type: "prompt_outputs_failed_validation", message: "Prompt outputs failed validation", details: "", extra_info: {} },
    node_errors: { "1": { errors: [{ type, message: "M", details, extra_info: extraInfo }], dependent_outputs: ["2"], class_type: "Loader" } },
  };
  const { errors, detail } = parseRejection(stringifyJson(body), graph);
  expect(errors).toHaveLength(1);
  expect(detail).toContain(errors[0]?.message);
  return { message: errors[0]?.message ?? "", pointer: errors[0]?.pointer ?? "" };
}

describe("parseRejection", () => {
  it.skipIf(!haveTraces)("names node, class, input and bound", () => {
    const trace = readTrace("07_validation_error");
    const message = "“width” is 0; the least allowed is 1.";
    expect(parseRejection(stringifyJson(trace.response), parseGraph(trace.request.prompt))).toEqual({
      detail: `Node 1 (EmptyImage): ${message}`,
      errors: [{ pointer: "/graph/1/inputs/width", message, node_id: "1", class_type: "EmptyImage" }],
    });
  });

  it.skipIf(!haveTraces)("names the class that is missing, in the older dialect", () => {
    const trace = readTrace("09_unknown_class");
    const { detail, errors } = parseRejection(stringifyJson(trace.response), parseGraph(trace.request.prompt));
    expect(detail).toContain("“Nope”");
    expect(detail).toMatch(/Install the custom node/);
    expect(errors).toMatchObject([{ pointer: "/graph/1", node_id: "1", class_type: "Nope" }]);
  });

  it("names the class that is missing, in the newer dialect", () => {
    const error = {
      type: "missing_node_type",
      message: "Node 'My title' not found. The custom node may not be installed.",
      details: "",
      extra_info: { node_id: "7:12", class_type: "Fancy/Node", node_title: "My title" },
    };
    expect(parseRejection(JSON.stringify({ error, node_errors: {} }), graph)).toMatchObject({
      detail: expect.stringContaining("“Fancy/Node”"),
      errors: [{ pointer: "/graph/7:12", node_id: "7:12", class_type: "Fancy/Node" }],
    });
  });

  it("explains a graph without outputs", () => {
    const error = { type: "prompt_no_outputs", message: "Prompt has no outputs", details: "", extra_info: {} };
    expect(parseRejection(JSON.stringify({ error, node_errors: {} }), graph).detail).toMatch(/SaveImage/);
  });

  it("explains a cycle, which comes without a word", () => {
    const error = { type: "prompt_outputs_failed_validation", message: "Prompt outputs failed validation", details: "", extra_info: {} };
    expect(parseRejection(JSON.stringify({ error, node_errors: {} }), graph)).toEqual({
      detail: "ComfyUI refused the graph and names no node: most often its links run in a circle.",
      errors: [],
    });
  });

  it("makes a refusal of any body", () => {
    for (const body of ["", "<html>", "null", "[]", '{"error":"text"}', '{"error":{},"node_errors":7}', '{"error":{"type":5,"extra_info":[]},"node_errors":{"1":{"errors":[null]}}}']) {
      expect(parseRejection(body, graph).detail).toMatch(/^ComfyUI refused the graph/);
    }
  });

  it("counts the faults it does not spell out", () => {
    const fault = { type: "required_input_missing", message: "", details: "seed", extra_info: { input_name: "seed" } };
    const body = { error: { type: "x" }, node_errors: { "1": { errors: [fault, fault], class_type: "Loader" }, "2": { errors: [fault] } } };
    expect(parseRejection(JSON.stringify(body), graph)).toMatchObject({
      detail: "Node 1 (Loader): The input “seed” is missing. And 2 more faults.",
      errors: [{}, {}, { class_type: "SaveImage" }],
    });
  });
});

describe("the sentence for each kind of fault", () => {
  it("required_input_missing", () => {
    expect(faultOf("required_input_missing", "image", { input_name: "image" })).toEqual({
      message: "The input “image” is missing.",
      pointer: "/graph/1/inputs/image",
    });
  });

  it("bad_linked_input tells how to write a list", () => {
    expect(faultOf("bad_linked_input", "x", { input_name: "x", received_value: [1, 2, 3] }).message).toContain("__value__");
  });

  it("return_type_mismatch names both types", () => {
    const info = { input_name: "images", input_config: ["IMAGE", {}], received_type: "LATENT", linked_node: ["3", 0] };
    expect(faultOf("return_type_mismatch", "images, received_type(LATENT) mismatch input_type(IMAGE)", info).message).toBe(
      '“images” takes "IMAGE", but the output linked to it ["3",0] gives LATENT.',
    );
  });

  it("invalid_input_type shows the value, shortened", () => {
    const { message } = faultOf("invalid_input_type", "steps", { input_name: "steps", input_config: ["INT", {}], received_value: "x".repeat(9000) });
    expect(message).toMatch(/^“steps” takes "INT", and "xxx/);
    expect(message.length).toBeLessThan(200);
  });

  it("value_bigger_than_max keeps big numbers exact", () => {
    const info = { input_name: "seed", input_config: ["INT", { max: 18446744073709551615n }], received_value: 18446744073709551616n };
    expect(faultOf("value_bigger_than_max", "seed", info).message).toBe("“seed” is 18446744073709551616; the most allowed is 18446744073709551615.");
  });

  it("value_not_in_list lists the options, of either form", () => {
    const info = { input_name: "crop", received_value: "middle" };
    const message = '"middle" is not allowed for “crop”. Allowed: "disabled", "center".';
    expect(faultOf("value_not_in_list", "", { ...info, input_config: [["disabled", "center"], {}] }).message).toBe(message);
    expect(faultOf("value_not_in_list", "", { ...info, input_config: ["COMBO", { options: ["disabled", "center"] }] }).message).toBe(message);
  });

  it("value_not_in_list stops reading out after twenty options", () => {
    const options = Array.from({ length: 25 }, (_, index) => `o${index}`);
    expect(faultOf("value_not_in_list", "", { input_name: "x", input_config: [options, {}], received_value: "y" }).message).toMatch(/"o19", and 5 more\.$/);
  });

  it("value_not_in_list of a model loader says that the file is missing in ComfyUI", () => {
    const missing = /^The file "m\.safetensors" for “\w+” is missing in ComfyUI/;
    const value = { received_value: "m.safetensors" };
    expect(faultOf("value_not_in_list", "", { input_name: "ckpt_name", input_config: null, ...value }).message).toMatch(missing);
    expect(faultOf("value_not_in_list", "", { input_name: "ckpt_name", input_config: [["a.ckpt"], {}], ...value }).message).toMatch(/It has: "a\.ckpt"\.$/);
    expect(faultOf("value_not_in_list", "", { input_name: "model", input_config: [[], {}], ...value }).message).toMatch(/no such files at all/);
  });

  it("value_not_in_list of a sampler speaks of no file", () => {
    const { message } = faultOf("value_not_in_list", "", { input_name: "sampler_name", input_config: null, received_value: "eulr" });
    expect(message).toBe('"eulr" is not allowed for “sampler_name”. It is not one of ComfyUI\'s many options for it.');
  });

  it("custom_validation_failed gives the node's own reason", () => {
    expect(faultOf("custom_validation_failed", "image - Invalid image file: nope.png", { input_name: "image" }).message).toBe(
      "The node does not accept “image”: Invalid image file: nope.png.",
    );
  });

  it("exceptions give their class, no traceback and no path", () => {
    const traceback = ['  File "/opt/ComfyUI/execution.py", line 9'];
    const outer = faultOf("exception_during_validation", "'9'", { exception_type: "KeyError", traceback });
    expect(outer.pointer).toBe("/graph/1");
    expect(outer.message).toContain("KeyError: '9'");
    const info = { input_name: "image", exception_message: "open /opt/ComfyUI/x.py", exception_type: "OSError", traceback, linked_node: ["9", 0] };
    const inner = faultOf("exception_during_inner_validation", "image", info);
    expect(inner.pointer).toBe("/graph/1/inputs/image");
    for (const { message } of [outer, inner]) expect(message).not.toContain("/opt");
  });

  it("dependency_cycle names the circle", () => {
    expect(faultOf("dependency_cycle", "", { node_id: "1", cycle_nodes: ["1", "2", "1"] }).message).toContain('"1" → "2" → "1"');
  });

  it("an unknown kind passes ComfyUI's own words on, cleaned", () => {
    expect(faultOf("brand_new", "see /opt/ComfyUI/x.py", {}).message).toBe("M: see x.py");
  });
});

describe("refusedOutputs", () => {
  it.skipIf(!haveTraces)("says which outputs will be missing", () => {
    const trace = readTrace("08_partial_validation");
    const nodeErrors = acceptedAnswer.parse(trace.response).node_errors;
    expect(refusedOutputs(nodeErrors, parseGraph(trace.request.prompt))).toEqual([
      {
        pointer: "/graph/5/inputs/width",
        message: "“width” is 0; the least allowed is 1. ComfyUI left out what needs it: node 6.",
        node_id: "5",
        class_type: "EmptyImage",
      },
    ]);
  });
});
