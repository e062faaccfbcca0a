import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { flush, get, openClient, post, stopDemo, type Frame, type TestClient } from "../../src/demo/demo-client.test-kit.ts";
import { startDemoComfyui, type DemoComfyui } from "../../src/demo/demo-comfyui.ts";
import { parseJson } from "../../src/json/exact.ts";

const folder = new URL("../../../shared/fixtures/comfyui/traces/", import.meta.url);
const isThere = existsSync(folder);

const jsonFrame = z.object({ type: z.string(), data: z.record(z.string(), z.unknown()) });
const binaryFrame = z.object({ binary_base64: z.base64(), length: z.number(), truncated: z.boolean() });
const frames = z.array(z.union([jsonFrame, binaryFrame]));
const trace = z.object({
  request: z.looseObject({ prompt_id: z.string() }),
  status: z.number(),
  response: z.unknown().optional(),
  ws_owner_a: frames,
  ws_other_b: frames,
  history: z.looseObject({ prompt: z.array(z.unknown()) }).nullable(),
  queue_while_running: z.unknown().optional(),
});
const queueItem = z.tuple([z.number(), z.string(), z.unknown(), z.unknown(), z.unknown()]);

function read(name: string): unknown {
  return parseJson(readFileSync(new URL(name, folder), "utf8"));
}

const names = isThere ? readdirSync(folder).filter((name) => /^(?:0[1-9]|1\d)_.*\.json$/.test(name)).toSorted() : [];

/**
 * Takes out what may differ from run to run or from host to host:
 * - times; the random suffix of temp files;
 * - tracebacks, which name lines of Python;
 * - `current_inputs`: the real one prints tensors, of which only the input names are compared;
 * - `current_outputs` and `executed`: printed from Python sets, whose order is random.
 */
function normal(value: unknown, key = ""): unknown {
  if (key === "timestamp") return "time";
  if (key === "traceback") return z.array(z.string()).parse(value).length > 0 ? "traceback" : [];
  if (key === "current_inputs") return Array.isArray(value) ? value : Object.keys(z.record(z.string(), z.unknown()).parse(value));
  if (key === "current_outputs" || key === "executed") return z.array(z.string()).parse(value).toSorted();
  if (typeof value === "string") return value.replace(/^ComfyUI_temp_[a-z]{5}_/, "ComfyUI_temp_x_");
  if (Array.isArray(value)) return value.map((item) => normal(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, normal(member, name)]));
}

/** The head of a binary frame, and the text of a text frame; pictures are each server's own. */
function binaryHead(bytes: Buffer): unknown {
  const event = bytes.readUInt32BE(0);
  if (event === 1) return { event, format: bytes.readUInt32BE(4), jpeg: bytes.readUInt16BE(8) === 0xffd8 };
  const length = bytes.readUInt32BE(4);
  const head = bytes.toString("utf8", 8, 8 + length);
  if (event === 3) return { event, node: head, text: bytes.toString("utf8", 8 + length) };
  return { event, metadata: parseJson(head), jpeg: bytes.readUInt16BE(8 + length) === 0xffd8 };
}

function recordedFrames(list: z.infer<typeof frames>): unknown {
  return list.map((frame) => ("binary_base64" in frame ? binaryHead(Buffer.from(frame.binary_base64, "base64")) : normal(frame)));
}

function heardFrames(list: readonly Frame[]): unknown {
  return list.map(({ type, data, bytes }) => (bytes === undefined ? normal({ type, data }) : binaryHead(bytes)));
}

describe.skipIf(!isThere)("the stand-in, against the recorded runs of a real ComfyUI (skipped where ../shared/fixtures is absent)", () => {
  let demo: DemoComfyui;
  let a: TestClient;
  let b: TestClient;
  /** Output nodes of the prompt that is posted next, in the order that the real server happened to take. */
  let recordedOrder: readonly string[] = [];

  beforeAll(async () => {
    demo = await startDemoComfyui({
      orderOutputs: (ids) => ids.toSorted((one, other) => recordedOrder.indexOf(one) - recordedOrder.indexOf(other)),
    });
    a = await openClient(demo.url, "client-a", { flags: { supports_preview_metadata: true } });
    b = await openClient(demo.url, "client-b");
    await flush(a);
    await flush(b);
  });

  afterAll(async () => {
    await a.close();
    await b.close();
    await stopDemo(demo);
  });

  function progressed(client: TestClient, step: number): Promise<void> {
    return client.until((list) => list.some(({ type, data }) => type === "progress" && data["value"] === step));
  }

  /** What the recording did while the posted prompt ran, by trace. */
  const meanwhile: Readonly<Record<string, (recorded: z.infer<typeof trace>) => Promise<void>>> = {
    "06_interrupted.json": async () => {
      await progressed(a, 4);
      await post(demo.url, "/interrupt", {});
    },
    "18_queue.json": async (recorded) => {
      const { queue_pending: pending } = z.object({ queue_pending: z.array(queueItem) }).parse(recorded.queue_while_running);
      const numbered = (wanted: (number: number) => boolean): z.infer<typeof queueItem> | undefined => pending.find(([number]) => wanted(number));
      const [next, front, given] = [numbered((n) => n === 18), numbered((n) => n === -19), numbered((n) => n === -5)];
      const send = (item: z.infer<typeof queueItem> | undefined, extra: object): Promise<unknown> =>
        post(demo.url, "/prompt", { prompt: item?.[2], prompt_id: item?.[1], client_id: "client-a", ...extra });
      await progressed(a, 2);
      await send(next, {});
      await send(front, { front: true });
      atStep3();
      await progressed(a, 3);
      await send(given, { number: -5 });
      expect(normal((await get(demo.url, "/queue")).body)).toEqual(normal(recorded.queue_while_running));
      atStep4();
      await expect.poll(async () => (await get(demo.url, `/history/${next?.[1] ?? ""}`)).text, { timeout: 5000, interval: 5 }).not.toBe("{}");
    },
  };
  let atStep3 = (): void => {};
  let atStep4 = (): void => {};

  it("greets a client, and answers the feature flags that come first", () => {
    const recorded = z.object({ a: frames, b: frames }).parse(read("00_connect.json"));
    expect(heardFrames(a.frames)).toEqual(recordedFrames(recorded.a));
    expect(heardFrames(b.frames)).toEqual(recordedFrames(recorded.b));
  });

  // In recorded order and against one server, for numbers, file names and the cache go on from one run to the next.
  it.each(names)("%s: same answer, same frames for the owner and the bystander, same history", async (name) => {
    const recorded = trace.parse(read(name));
    const promptId = recorded.request.prompt_id;
    recordedOrder = z.array(z.string()).parse(recorded.history?.prompt[4] ?? []);
    const act = meanwhile[name];
    const releases = name.startsWith("06") ? [demo.faults.holdNode("Slow", 5)] : [];
    if (name.startsWith("18")) {
      atStep3 = demo.faults.holdNode("Slow", 3);
      atStep4 = demo.faults.holdNode("Slow", 4);
    }
    a.clear();
    b.clear();

    const answer = await post(demo.url, "/prompt", recorded.request);
    expect(answer.status).toBe(recorded.status);
    expect(answer.body).toEqual(recorded.response);
    await act?.(recorded);
    const ends = recorded.history === null ? "{}" : `{"${promptId}"`;
    await expect.poll(async () => (await get(demo.url, `/history/${promptId}`)).text, { timeout: 5000, interval: 5 }).toContain(ends);
    for (const release of releases) release();
    await flush(a);
    await flush(b);

    expect(heardFrames(a.frames)).toEqual(recordedFrames(recorded.ws_owner_a));
    expect(heardFrames(b.frames)).toEqual(recordedFrames(recorded.ws_other_b));
    const history = z.record(z.string(), z.unknown()).parse((await get(demo.url, `/history/${promptId}`)).body);
    expect(normal(history[promptId] ?? null)).toEqual(normal(recorded.history));
  });

  it("has no history for a prompt that nobody sent", async () => {
    expect((await get(demo.url, `/history/${randomUUID()}`)).text).toBe("{}");
  });
});
