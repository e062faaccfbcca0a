import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseCatalog } from "../graph/catalog.ts";
import { systemClock } from "../telemetry/clock.ts";
import { LiveWorkflows, type WorkflowChanges } from "./live-workflows.ts";

let dir = "";
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "live-workflows-"));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await rm(dir, { recursive: true, force: true });
});

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, file)), { recursive: true });
  await writeFile(join(dir, file), text);
}

const template = (text: string): string => JSON.stringify({ "1": { class_type: "Text", inputs: { text, steps: "{input.steps}" } } });
const { catalog } = parseCatalog({ Text: { input: { required: { text: ["STRING"], steps: ["INT", { min: 1, max: 9 }] } }, output: [] } });

async function rig() {
  const heard: WorkflowChanges[] = [];
  const failed = vi.fn<(error: unknown) => void>();
  const live = new LiveWorkflows({ builtins: [], dir, catalog: { classes: new Map() }, clock: systemClock, changed: (changes) => heard.push(changes), failed });
  stops.push(() => live.stop());
  await live.start();
  const ids = () => live.registry.list().map(({ id }) => id);
  return { live, heard, failed, ids };
}

const soon = { timeout: 10_000 };

describe("LiveWorkflows", () => {
  it("serves what the folder holds, and a new, a changed and a removed file without a restart", async () => {
    await put("a/one.template.json", template("first"));
    const { live, heard, ids, failed } = await rig();
    expect(ids()).toEqual(["a/one"]);
    const before = live.registry.find("a/one");
    await put("a/two.template.json", template("{input.text}"));
    await vi.waitFor(() => expect(ids()).toEqual(["a/one", "a/two"]), soon);
    expect(live.registry.find("a/one")).toBe(before);
    await put("a/one.template.json", template("second"));
    await vi.waitFor(() => expect(live.registry.find("a/one")?.generate({ steps: 1 })["1"]?.inputs["text"]).toBe("second"), soon);
    expect(before?.generate({ steps: 1 })["1"]?.inputs["text"]).toBe("first");
    await rm(join(dir, "a/two.template.json"));
    await vi.waitFor(() => expect(ids()).toEqual(["a/one"]), soon);
    expect(heard.map(({ added, replaced, removed }) => [added, replaced, removed])).toEqual([
      [["a/one"], [], []],
      [["a/two"], [], []],
      [[], ["a/one"], []],
      [[], [], ["a/two"]],
    ]);
    expect(failed).not.toHaveBeenCalled();
  });

  it("keeps the rest when a file breaks, names it, and serves it again once it is mended", async () => {
    await put("a/one.template.json", template("x"));
    await put("a/two.template.json", template("x"));
    const { live, ids } = await rig();
    const version = live.registry.version;
    await put("a/one.template.json", '{"1":\n}');
    await vi.waitFor(() => expect(ids()).toEqual(["a/two"]), soon);
    expect(live.registry.broken()).toEqual([expect.objectContaining({ file: "a/one.template.json", line: 2, message: expect.stringMatching(/not JSON/) })]);
    expect(live.registry.version).toBeGreaterThan(version);
    await put("a/one.template.json", template("x"));
    await vi.waitFor(() => expect(ids()).toEqual(["a/one", "a/two"]), soon);
    expect(live.registry.broken()).toEqual([]);
  });

  it("makes workflows anew when a better catalog arrives", async () => {
    await put("a/one.template.json", template("x"));
    const { live } = await rig();
    const steps = () => live.registry.find("a/one")?.inputSchema["properties"];
    expect(steps()).not.toMatchObject({ steps: { maximum: 9 } });
    live.useCatalog(catalog);
    await vi.waitFor(() => expect(steps()).toMatchObject({ steps: { type: "integer", maximum: 9 } }), soon);
  });

  it("replaces nothing when nothing has changed", async () => {
    await put("a/one.template.json", template("x"));
    const { live, heard } = await rig();
    const version = live.registry.version;
    await Promise.all([live.reload(), live.reload(), live.reload()]);
    expect([live.registry.version, heard.length]).toEqual([version, 1]);
  });
});
