import { describe, expect, it } from "vitest";
import { coreCatalog } from "../../src/graph/core-catalog.ts";
import type { Catalog } from "../../src/graph/catalog.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { isJsonObject, type JsonObject, parsePythonJson, stringifyJson } from "../../src/json/exact.ts";
import { readGraph } from "../../src/workflow/export/export-source.ts";
import { isJsonArray, isJsonValue } from "../../src/workflow/json-value.ts";
import { guiNodeId, guiNodes } from "../../src/workflow/webui/gui-export.ts";
import { readWrapper } from "../../src/workflow/webui/wrapper.ts";
import { workflowFromWrapper } from "../../src/workflow/webui/wrapper-source.ts";
import type { Workflow } from "../../src/workflow/workflow.ts";
import { fixtureCatalog, hasFixtures, readFixture } from "./fixtures.ts";

function exportOf(name: string): JsonObject {
  const value = parsePythonJson(readFixture(`webui/${name}.json`).toString("utf8"));
  if (!isJsonValue(value) || !isJsonObject(value)) throw new Error(`${name} is not an object`);
  return value;
}

function workflowOf(catalog: Catalog): Workflow {
  const text = readFixture("webui/IMG_to_VIDEO_canvas.webui.yml").toString("utf8");
  const wrapper = readWrapper({ id: "video/img", file: "video/img.webui.yml", text });
  if (!("exportFile" in wrapper)) throw new Error(wrapper.map(({ message }) => message).join("; "));
  const { workflow, problems } = workflowFromWrapper(wrapper, readFixture("webui/IMG_to_VIDEO_canvas.json"), catalog);
  if (workflow === null) throw new Error(problems.map(({ message }) => message).join("; "));
  return workflow;
}

/** What a person has set in an export: modes and values, without previews of files made before. */
function settingsOf(gui: JsonObject): ReadonlyMap<string, JsonObject> {
  return new Map(
    guiNodes(gui).map((node) => {
      const values = node["widgets_values"];
      const { videopreview: _preview, ...named } = isJsonObject(values) ? values : {};
      return [guiNodeId(node), { mode: node["mode"] ?? 0, values: isJsonObject(values) ? named : (values ?? null) }];
    }),
  );
}

interface Difference {
  readonly id: string;
  readonly before: JsonObject;
  readonly after: JsonObject;
}

function differences(from: string, to: string): readonly Difference[] {
  const [before, after] = [settingsOf(exportOf(from)), settingsOf(exportOf(to))];
  return [...before].flatMap(([id, old]) => {
    const made = after.get(id);
    if (made === undefined) throw new Error(`${to} lacks node ${id}`);
    return JSON.stringify(old) === JSON.stringify(made) ? [] : [{ id, before: old, after: made }];
  });
}

/**
 * What ComfyUI would be sent for a variant, by conversion alone: the base with the variant's modes and values. The
 * variants themselves no longer list what their widgets are called.
 */
function graphOfVariant(stated: readonly Difference[], catalog: Catalog): Graph {
  const base = exportOf("IMG_to_VIDEO_canvas");
  const changed = new Map(stated.map(({ id, after }) => [id, after]));
  const nodes = guiNodes(base).map((node) => {
    const after = changed.get(guiNodeId(node));
    return after === undefined ? node : { ...node, mode: after["mode"], widgets_values: after["values"] };
  });
  const text = stringifyJson({ ...base, nodes });
  const read = readGraph({ id: "v/x", file: "v/x.json", bytes: Buffer.from(text) }, catalog);
  if ("problems" in read) throw new Error(read.problems.map(({ message }) => message).join("; "));
  return read.graph;
}

function without(graph: Graph, ids: readonly string[]): Graph {
  return Object.fromEntries(Object.entries(graph).filter(([id]) => !ids.includes(id)));
}

/**
 * Which input a variant's name states. BlockSwapDisabled also bypasses node 503, which the wrapper does not map and
 * which feeds the bypassed nodes only; UpscaleAndInterpolationEnabled also has another frame rate.
 */
const variants: readonly { readonly name: string; readonly from: string; readonly inputs: JsonObject; readonly apart?: readonly string[] }[] = [
  { name: "AutoPromptDisabled", from: "variants/Original", inputs: { enable_auto_prompt: false } },
  { name: "BlockSwapDisabled", from: "variants/Original", inputs: { enable_block_swap: 4 }, apart: ["503"] },
  { name: "CFGZeroStarDisabled", from: "variants/Original", inputs: { enable_cfg_zero_star: false } },
  { name: "ChangedPositivePrompt", from: "IMG_to_VIDEO_canvas", inputs: { positive_prompt: " The young woman turns towards the camera, she has a cute smile,", seed: 701601234567340 } },
  { name: "FrameRateChangedTo20", from: "variants/Original", inputs: { frame_rate: 20 } },
  {
    name: "LoRA_Added",
    from: "IMG_to_VIDEO_canvas",
    inputs: { loras: [{ highNoisePath: "wan2.2_motion/wan22_motion_high_noise.safetensors", lowNoisePath: "wan2.2_motion/wan22_motion_low_noise.safetensors", strength: 1 }] },
  },
  { name: "MagCacheDisabled", from: "variants/Original", inputs: { enable_magcache: 4 } },
  { name: "UpscaleAndInterpolationEnabled", from: "variants/Original", inputs: { enable_upscale_interpolation: 0, frame_rate: 15 } },
  { name: "VideoEnhanceDisabled", from: "variants/Original", inputs: { enable_video_enhancer: false } },
];

describe.skipIf(!hasFixtures)("a webui wrapper of other people", () => {
  const catalogs = hasFixtures ? [coreCatalog(), fixtureCatalog()] : [];
  const workflows = catalogs.map((catalog) => ({ workflow: workflowOf(catalog), catalog }));

  it("lists every input with its section, and sets nothing that is not sent", () => {
    for (const { workflow } of workflows) {
      expect(workflow.form?.sections.map(({ id }) => id)).toEqual(["basic", "generation", "models", "features"]);
      expect(workflow.form?.fields).toHaveLength(30);
      expect(workflow.seedFields).toEqual(["seed"]);
      expect(workflow.fileFields).toEqual([{ path: ["input_image"], accepts: "image" }]);
      expect(workflow.generate(workflow.defaults)).toEqual(workflow.generate({}));
    }
  });

  it.each(variants)("with the one input of $name makes that variant's workflow", ({ name, from, inputs, apart = [] }) => {
    const stated = differences(from, `variants/${name}`).filter(({ id }) => !apart.includes(id));
    expect(stated.length).toBeGreaterThan(0);
    const image = exportOf("IMG_to_VIDEO_canvas");
    const loaded = guiNodes(image).find((node) => guiNodeId(node) === "88")?.["widgets_values"];
    const file = isJsonArray(loaded) ? (loaded[0] ?? null) : null;
    for (const { workflow, catalog } of workflows) {
      const made = workflow.generate(workflow.parse({ input_image: file, ...inputs }));
      expect(without(made, apart)).toEqual(without(graphOfVariant(stated, catalog), apart));
      expect(made).not.toEqual(workflow.generate(workflow.defaults));
    }
  });
});
