import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { flush, get, openClient, post, runToEnd, stopDemo, type TestClient } from "./demo-client.test-kit.ts";
import { isObject } from "./json-shape.ts";
import { startDemoComfyui, type DemoComfyui } from "./demo-comfyui.ts";

let demo: DemoComfyui;
let clients: TestClient[];

beforeEach(async () => {
  demo = await startDemoComfyui();
  clients = [];
});

afterEach(async () => {
  for (const client of clients) await client.close();
  await stopDemo(demo);
});

async function connect(id: string, options: Parameters<typeof openClient>[2] = {}): Promise<TestClient> {
  const client = await openClient(demo.url, id, options);
  clients.push(client);
  await flush(client);
  return client;
}

const types = (client: TestClient): readonly string[] => [...new Set(client.frames.map(({ type }) => type))].toSorted();
const saved = (prefix: string, colour = 1): object => ({
  "1": { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color: colour } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: prefix } },
});
const slow = (seed: number, preview = false): object => ({
  "1": { class_type: "Slow", inputs: { steps: 3, delay: 0, preview, seed } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "slow" } },
});

describe("the cache", () => {
  it("lists the old file again for the same graph, and writes nothing", async () => {
    const first = await runToEnd(demo.url, saved("a"));
    const again = await runToEnd(demo.url, saved("a"), { client_id: "someone else" });
    expect(demo.fileNames("output")).toEqual(["a_00001_.png"]);
    const outputs = { "2": { images: [{ filename: "a_00001_.png", subfolder: "", type: "output" }] } };
    expect([first.entry, again.entry]).toMatchObject([{ outputs }, { outputs }]);
  });

  it("forgets all but the last prompt", async () => {
    await runToEnd(demo.url, saved("a"));
    await runToEnd(demo.url, saved("b", 2));
    await runToEnd(demo.url, saved("a"));
    expect(demo.fileNames("output")).toEqual(["a_00001_.png", "b_00001_.png", "a_00002_.png"]);
  });

  it("runs a loader again when its file was overwritten", async () => {
    const put = async (colour: number): Promise<void> => {
      await runToEnd(demo.url, saved(`c${colour}`, colour));
      const bytes = Uint8Array.from(demo.file("output", `c${colour}_00001_.png`)?.bytes ?? []);
      const form = new FormData();
      form.append("image", new Blob([bytes]), "in.png");
      form.append("overwrite", "true");
      await fetch(`${demo.url}/upload/image`, { method: "POST", body: form });
    };
    const graph = {
      "1": { class_type: "LoadImage", inputs: { image: "in.png" } },
      "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "loaded" } },
    };
    await put(1);
    await runToEnd(demo.url, graph);
    await put(2);
    await runToEnd(demo.url, graph);
    expect(demo.fileNames("output").filter((name) => name.startsWith("loaded"))).toEqual(["loaded_00001_.png", "loaded_00002_.png"]);
  });

  it("is emptied by POST /free with free_memory", async () => {
    await runToEnd(demo.url, saved("a"));
    await post(demo.url, "/free", { free_memory: true });
    await runToEnd(demo.url, saved("a"));
    expect(demo.fileNames("output")).toHaveLength(2);
  });
});

describe("who hears what", () => {
  it("tells the owner everything and a bystander only the status", async () => {
    const [owner, other] = [await connect("owner"), await connect("other")];
    await runToEnd(demo.url, slow(1, true), { client_id: "owner" });
    await flush(owner);
    await flush(other);
    expect(types(other)).toEqual(["status"]);
    expect(types(owner)).toEqual(["binary", "executed", "executing", "execution_cached", "execution_start", "execution_success", "progress", "progress_state", "status"]);
  });

  it("tells everyone of progress and previews, and no one of the rest, when there is no client id", async () => {
    const other = await connect("other");
    await runToEnd(demo.url, slow(1, true));
    await flush(other);
    expect(types(other)).toEqual(["binary", "progress", "progress_state", "status"]);
  });

  it("tells everyone of an interrupt when there is no client id", async () => {
    const other = await connect("other");
    const release = demo.faults.holdNode("Slow", 2);
    await post(demo.url, "/prompt", { prompt: slow(1) });
    await other.until((frames) => frames.some(({ type }) => type === "progress"));
    await post(demo.url, "/interrupt", "");
    await other.until((frames) => frames.some(({ type }) => type === "execution_interrupted"));
    expect(types(other)).toEqual(["execution_interrupted", "progress", "progress_state", "status"]);
    release();
  });

  it("takes feature flags as the first message only", async () => {
    const late = await connect("late");
    late.send({ type: "other" });
    late.send({ type: "feature_flags", data: { supports_preview_metadata: true } });
    await flush(late);
    await runToEnd(demo.url, slow(1, true), { client_id: "late" });
    await flush(late);
    expect(types(late)).not.toContain("feature_flags");
    expect(late.frames.find(({ type }) => type === "binary")?.bytes?.readUInt32BE(0)).toBe(1);
  });

  it("sends the text of GetImageSize to everyone", async () => {
    const other = await connect("other");
    await runToEnd(demo.url, {
      "1": { class_type: "EmptyImage", inputs: { width: 8, height: 9, batch_size: 2, color: 0 } },
      "2": { class_type: "GetImageSize", inputs: { image: ["1", 0] } },
      "3": { class_type: "PreviewAny", inputs: { source: ["2", 1] } },
    }, { client_id: "owner" });
    await flush(other);
    expect(other.frames.find(({ type }) => type === "binary")?.bytes?.toString("utf8", 9)).toBe("width: 8, height: 9\n batch size: 2");
  });

  it("tells a client that comes back which node is running, without a prompt id", async () => {
    const release = demo.faults.holdNode("Slow", 2);
    const owner = await connect("owner");
    const { body } = await post(demo.url, "/prompt", { prompt: slow(1), client_id: "owner" });
    expect(body).toMatchObject({ node_errors: {} });
    await owner.until((frames) => frames.some(({ type }) => type === "progress"));
    const back = await connect("owner");
    expect(back.frames.slice(1)).toEqual([{ type: "executing", data: { node: "1" } }]);
    release();
  });

  it("goes silent for the newer socket of a client when the older one closes", async () => {
    const older = await connect("same");
    const newer = await connect("same");
    await older.close();
    await expect.poll(() => demo.socketCount()).toBe(1);
    newer.clear();
    await runToEnd(demo.url, saved("a"), { client_id: "same" });
    await flush(newer);
    expect(newer.frames).toEqual([]);
  });
});

describe("the queue", () => {
  it("lets a waiting prompt be deleted without a trace", async () => {
    const release = demo.faults.holdNode("Slow");
    const running = randomUUID();
    const waiting = randomUUID();
    await post(demo.url, "/prompt", { prompt: slow(1), prompt_id: running });
    await expect.poll(async () => (await get(demo.url, "/queue")).text).toContain(`"queue_running":[[0,"${running}"`);
    await post(demo.url, "/prompt", { prompt: slow(2), prompt_id: waiting });
    await post(demo.url, "/queue", { delete: [waiting, running, "unknown"] });
    expect((await get(demo.url, "/prompt")).body).toEqual({ exec_info: { queue_remaining: 1 } });
    release();
    await expect.poll(async () => (await get(demo.url, `/history/${running}`)).text).not.toBe("{}");
    expect((await get(demo.url, `/history/${waiting}`)).text).toBe("{}");
    expect([...demo.runs().keys()]).toEqual([running]);
  });

  it("interrupts a prompt by id only while it is the one that runs", async () => {
    const release = demo.faults.holdNode("Slow", 2);
    const promptId = randomUUID();
    await post(demo.url, "/prompt", { prompt: slow(1), prompt_id: promptId });
    await expect.poll(async () => (await get(demo.url, "/queue")).text).not.toContain('"queue_running":[]');
    await post(demo.url, "/interrupt", { prompt_id: randomUUID() });
    await post(demo.url, "/interrupt", { prompt_id: promptId });
    await expect.poll(async () => (await get(demo.url, `/history/${promptId}`)).text).toContain("execution_interrupted");
    release();
    const after = await runToEnd(demo.url, slow(2));
    expect(after.entry).toMatchObject({ status: { status_str: "success" } });
  });

  it("pages the history from the oldest or by the last ones", async () => {
    const ids: string[] = [];
    for (const prefix of ["a", "b", "c"]) ids.push((await runToEnd(demo.url, saved(prefix))).promptId);
    const page = async (query: string): Promise<readonly string[]> => {
      const { body } = await get(demo.url, `/history${query}`);
      return isObject(body) ? Object.keys(body) : [];
    };
    expect(await page("")).toEqual(ids);
    expect(await page("?max_items=2")).toEqual(ids.slice(1));
    expect(await page("?max_items=1&offset=1")).toEqual([ids[1]]);
    expect(await page("?max_items=0")).toEqual([]);
    await post(demo.url, "/history", { delete: [ids[0]] });
    expect(await page("")).toEqual(ids.slice(1));
    await post(demo.url, "/history", { clear: true });
    expect(await page("")).toEqual([]);
  });

  it("runs two prompts of the same id, and keeps the history of the second", async () => {
    const promptId = randomUUID();
    await post(demo.url, "/prompt", { prompt: saved("a"), prompt_id: promptId });
    await post(demo.url, "/prompt", { prompt: saved("b"), prompt_id: promptId });
    await expect.poll(async () => (await get(demo.url, `/history/${promptId}`)).text).toContain("b_00001_.png");
    expect(demo.runs().get(promptId)).toBe(2);
    expect((await get(demo.url, `/history/${promptId}`)).text).not.toContain("a_00001_.png");
  });
});

describe("a failing node", () => {
  it("names a file that is no picture", async () => {
    const form = new FormData();
    form.append("image", new Blob(["plain text"]), "not.png");
    await fetch(`${demo.url}/upload/image`, { method: "POST", body: form });
    const { text } = await runToEnd(demo.url, {
      "1": { class_type: "LoadImage", inputs: { image: "not.png" } },
      "2": { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
    });
    expect(text).toContain('"exception_type":"PIL.UnidentifiedImageError"');
  });

  it.each(["error", "oom", "memory"])("ends the run with what it raised: %s", async (kind) => {
    const { entry } = await runToEnd(demo.url, {
      "1": { class_type: "EmptyImage", inputs: { width: 1, height: 1, batch_size: 1, color: 0 } },
      "2": { class_type: "Fail", inputs: { image: ["1", 0], kind } },
      "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "x" } },
    });
    expect(entry).toMatchObject({ status: { status_str: "error", completed: false }, outputs: {} });
  });

  it("skips a node behind a silent blocker and succeeds", async () => {
    const { entry } = await runToEnd(demo.url, {
      "1": { class_type: "EmptyImage", inputs: { width: 1, height: 1, batch_size: 1, color: 0 } },
      "2": { class_type: "Fail", inputs: { image: ["1", 0], kind: "blocker" } },
      "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "x" } },
    });
    expect(entry).toMatchObject({ status: { status_str: "success" }, outputs: {} });
  });
});
