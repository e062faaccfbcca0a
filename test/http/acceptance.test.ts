import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createHttpApp } from "../../src/http/app.ts";
import type { HttpDeps, HttpLimits } from "../../src/http/deps.ts";
import { HeldClock } from "../../src/telemetry/held-clock.ts";
import { limits, openGateway, send, type Gateway, type Received, type Sent } from "./gateway.ts";
import { pngBytes } from "./test-runner.ts";

const withId = z.looseObject({ id: z.string() });

let clock: HeldClock;
let gateway: Gateway;

beforeEach(async () => {
  clock = new HeldClock();
  gateway = await openGateway({ clock });
});

afterEach(async () => {
  await gateway.close();
});

/** Of the job in an answer. */
const idIn = (answer: Received): string => withId.parse(answer.json).id;

const post = (inputs: object | string, headers: Record<string, string> = {}, query = ""): Promise<Received> =>
  gateway.send("POST", `/test/picture${query}`, { body: typeof inputs === "string" ? inputs : JSON.stringify(inputs), headers });

const jobCount = async (): Promise<number> => (await gateway.deps.jobs.listJobs({ limit: 200 })).items.length;

/** The same gateway but for some parts. */
function sendTo(parts: Partial<HttpDeps>, method: string, path: string, options: Sent = {}): Promise<Received> {
  return send(createHttpApp({ ...gateway.deps, ...parts }), method, path, options);
}

const bounded = (parts: Partial<HttpLimits>): Partial<HttpDeps> => ({ limits: { ...limits, ...parts } });

describe("an Idempotency-Key", () => {
  const key = { "Idempotency-Key": "order-1" };

  it("gets the same job for the same request, and says that it is", async () => {
    const first = await post({ prompt: "x" }, key);
    const second = await post({ prompt: "x" }, key);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.json).toEqual(first.json);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await jobCount()).toBe(1);
  });

  it("makes one job of any number of requests at once", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post({ prompt: "x" }, key)));
    expect(new Set(answers.map(idIn)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get("idempotency-replayed") === null)).toHaveLength(1);
    expect(await jobCount()).toBe(1);
  });

  it("waits for a job under way by the rules of the request that asks", async () => {
    const first = await post({ prompt: "x", fate: "running" }, { ...key, Prefer: "respond-async" });
    const again = post({ prompt: "x", fate: "running" }, { ...key, Accept: "image/png" });
    await expect.poll(() => clock.pendingTimers).toBe(1);
    await gateway.runner.finish(idIn(first));
    expect((await again).bytes).toEqual(pngBytes());
    expect((await again).headers.get("idempotency-replayed")).toBe("true");
  });

  it.each([
    ["members in another order", '{"prompt":"x","steps":5}', '{ "steps": 5.0, "prompt": "\\u0078" }'],
    ["a seed of 64 bits", '{"prompt":"x","seed":18446744073709551615}', '{"seed":18446744073709551615,"prompt":"x"}'],
  ])("takes %s for the same request", async (_what, one, other) => {
    await post(one, key);
    expect((await post(other, key)).headers.get("idempotency-replayed")).toBe("true");
  });

  it.each([
    ["another input", '{"prompt":"y"}', ""],
    ["one input more", '{"prompt":"x","steps":20}', ""],
    ["a seed that a double cannot tell apart", '{"prompt":"x","seed":18446744073709551614}', ""],
    ["another priority", '{"prompt":"x"}', "?priority=high"],
    ["another timeout", '{"prompt":"x"}', "?run_timeout=5"],
    ["a webhook", '{"prompt":"x"}', "?webhook=http%3A%2F%2F127.0.0.1%2F"],
  ])("with %s is refused", async (what, body, query) => {
    await post(what.startsWith("a seed") ? '{"prompt":"x","seed":18446744073709551615}' : '{"prompt":"x"}', key);
    expect((await post(body, key, query)).json).toMatchObject({ status: 422, code: "idempotency_mismatch" });
    expect(await jobCount()).toBe(1);
  });

  it("with the same body for another workflow, or for none, is refused", async () => {
    await post({ prompt: "x" }, key);
    expect((await gateway.send("POST", "/test/deep/er/picture", { headers: key, body: '{"prompt":"x"}' })).json).toMatchObject({ code: "idempotency_mismatch" });
    const graph = '{"graph":{"1":{"class_type":"Draw","inputs":{}}}}';
    expect((await gateway.send("POST", "/v1/jobs", { headers: key, body: graph })).json).toMatchObject({ code: "idempotency_mismatch" });
  });

  it("counts for raw graphs and for forms too, the form's files by their content", async () => {
    const graph = '{"graph":{"1":{"class_type":"Draw","inputs":{}}}}';
    const raw = [await gateway.send("POST", "/v1/jobs", { headers: key, body: graph }), await gateway.send("POST", "/v1/jobs", { headers: key, body: graph })];
    expect(new Set(raw.map(idIn)).size).toBe(1);
    const form = (bytes: Buffer): FormData => {
      const data = new FormData();
      data.append("image", new Blob([new Uint8Array(bytes)]), "a.png");
      data.append("prompt", "x");
      return data;
    };
    const edit = (bytes: Buffer): Promise<Received> => gateway.send("POST", "/test/edit", { headers: { "Idempotency-Key": "form-1" }, body: form(bytes) });
    expect((await edit(pngBytes())).status).toBe(200);
    expect((await edit(pngBytes())).headers.get("idempotency-replayed")).toBe("true");
    expect((await edit(pngBytes(5, 5))).status).toBe(422);
  });

  it("is recognised before files are fetched again", async () => {
    const missing = { prompt: "x", image: "https://nowhere.invalid/a.png" };
    await gateway.send("POST", "/test/edit", { headers: key, body: JSON.stringify({ prompt: "x", image: pngBytes().toString("base64") }) });
    expect((await gateway.send("POST", "/test/edit", { headers: key, body: JSON.stringify(missing) })).json).toMatchObject({ code: "idempotency_mismatch" });
  });

  it("is forgotten after 24 hours", async () => {
    const first = idIn(await post({ prompt: "x" }, key));
    clock.advance(24 * 3_600_000 - 1);
    expect(idIn(await post({ prompt: "x" }, key))).toBe(first);
    clock.advance(1);
    expect((await post({ prompt: "y" }, key)).status).toBe(200);
  });

  it("of a request that was refused stays free", async () => {
    expect((await post({ prompt: 1 }, key)).status).toBe(400);
    expect((await post({ prompt: "x" }, key)).status).toBe(200);
  });

  it.each(["", " ", "a b", "ü", "x".repeat(256)])("of %j is refused by name", async (value) => {
    expect((await post({ prompt: "x" }, { "Idempotency-Key": value })).json).toMatchObject({ code: "invalid_query", detail: expect.stringContaining("Idempotency-Key") });
  });
});

describe("a full queue", () => {
  const full = bounded({ maxQueued: 1 });

  beforeEach(async () => {
    await post({ prompt: "x", fate: "pending" }, { Prefer: "wait=0", "Idempotency-Key": "first" });
  });

  it("refuses a run before its body is read, and says when to come back", async () => {
    const answer = await sendTo(full, "POST", "/test/picture", { body: "{" });
    expect(answer.json).toMatchObject({ status: 429, code: "queue_full" });
    expect(answer.headers.get("retry-after")).toBe("10");
    expect(await jobCount()).toBe(1);
  });

  it("refuses a small run when it is to be stored, and the next ones before their bodies are read", async () => {
    const sized = (body: string) => ({ body, headers: { "Content-Length": String(body.length) } });
    const picture = '{"prompt":"x"}';
    const app = createHttpApp({ ...gateway.deps, ...full });
    expect((await send(app, "POST", "/test/picture", sized("{"))).status).toBe(400);
    expect((await send(app, "POST", "/test/picture", sized(picture))).json).toMatchObject({ status: 429, code: "queue_full" });
    expect((await send(app, "POST", "/test/picture", sized("{"))).status).toBe(429);
    expect(await jobCount()).toBe(1);
  });

  it("estimates that from what jobs took lately", async () => {
    const { id } = withId.parse((await post({ prompt: "x", fate: "running" }, { Prefer: "respond-async" })).json);
    await gateway.runner.settled();
    clock.advance(42_100);
    await gateway.runner.finish(id);
    expect((await sendTo(full, "POST", "/v1/jobs", { body: "{}" })).headers.get("retry-after")).toBe("43");
    expect((await sendTo(bounded({ maxQueued: 0 }), "POST", "/v1/jobs", { body: "{}" })).headers.get("retry-after")).toBe("85");
  });

  it("answers the replay of an earlier run all the same", async () => {
    const request = { headers: { "Idempotency-Key": "first", Prefer: "wait=0" }, body: '{"prompt":"x","fate":"pending"}' };
    expect((await sendTo(full, "POST", "/test/picture", request)).headers.get("idempotency-replayed")).toBe("true");
    expect((await sendTo(full, "POST", "/test/picture", { ...request, headers: { "Idempotency-Key": "second" } })).status).toBe(429);
  });

  it("is never overfilled by requests that come at once", async () => {
    const parts = bounded({ maxQueued: 4 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => sendTo(parts, "POST", "/test/picture", { body: '{"prompt":"x","fate":"pending"}', headers: { Prefer: "wait=0" } })));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(17);
    expect((await gateway.deps.jobs.counts()).queued).toBe(4);
  });
});

it("a gateway that stops refuses runs with when to come back, and still shows jobs", async () => {
  const id = idIn(await post({ prompt: "x" }));
  const parts = { stopping: AbortSignal.abort() };
  const answer = await sendTo(parts, "POST", "/test/picture", { body: '{"prompt":"x"}' });
  expect(answer.json).toMatchObject({ status: 503, code: "shutting_down" });
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect((await sendTo(parts, "GET", `/v1/jobs/${id}`)).status).toBe(200);
  expect(await jobCount()).toBe(1);
});

describe("deadlines", () => {
  const timeouts = async (query: string, parts: Partial<HttpLimits> = {}): Promise<unknown> => {
    const { json } = await sendTo(bounded(parts), "POST", `/test/picture${query}`, { body: '{"prompt":"x"}' });
    return z.looseObject({ timeouts: z.unknown() }).parse(json).timeouts;
  };

  it("are the gateway's own unless the request has others; 0 means none", async () => {
    expect(await timeouts("")).toEqual({ start_seconds: null, run_seconds: 3600 });
    expect(await timeouts("", { startTimeoutSeconds: 60, runTimeoutSeconds: 0 })).toEqual({ start_seconds: 60, run_seconds: null });
    expect(await timeouts("?start_timeout=5&run_timeout=7")).toEqual({ start_seconds: 5, run_seconds: 7 });
    expect(await timeouts("?start_timeout=0&run_timeout=0", { startTimeoutSeconds: 60 })).toEqual({ start_seconds: null, run_seconds: null });
  });

  it.each(["start_timeout=-1", "start_timeout=1.5", "start_timeout=", "run_timeout=x", "run_timeout=604801", "start_timeout=2592001"])("as %s are refused by name", async (query) => {
    expect((await post({ prompt: "x" }, {}, `?${query}`)).json).toMatchObject({ code: "invalid_query", detail: expect.stringContaining(query.split("=")[0] ?? "") });
  });
});

describe("DELETE of a job", () => {
  it("that waits cancels it at once, and moves the others up", async () => {
    const idle = await openGateway({ clock }, { isIdle: true });
    try {
      const ids: string[] = [];
      for (let n = 0; n < 3; n += 1) ids.push(idIn(await idle.send("POST", "/test/picture", { body: '{"prompt":"x"}', headers: { Prefer: "wait=0" } })));
      let moves = 0;
      idle.deps.hub.onQueueMoved(() => (moves += 1));
      const answer = await idle.send("DELETE", `/v1/jobs/${ids[0]}`);
      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({ id: ids[0], status: "cancelled", queue_position: null, completed_at: expect.any(String) });
      expect((await idle.send("GET", `/v1/jobs/${ids[2]}`)).json).toMatchObject({ queue_position: 1 });
      expect(moves).toBe(1);
    } finally {
      await idle.close();
    }
  });

  it("that runs waits for ComfyUI to have stopped", async () => {
    const id = idIn(await post({ prompt: "x", fate: "running" }, { Prefer: "respond-async" }));
    await gateway.runner.settled();
    const answer = await gateway.send("DELETE", `/v1/jobs/${id}`);
    expect([answer.status, answer.json]).toMatchObject([200, { status: "cancelled", cancel_requested_at: expect.any(String) }]);
  });

  it("that does not stop within 5 s is answered with 202, and what it asked for stands", async () => {
    const id = idIn(await post({ prompt: "x", fate: "pending" }, { Prefer: "wait=0" }));
    await gateway.runner.settled();
    const answer = gateway.send("DELETE", `/v1/jobs/${id}`);
    await expect.poll(() => clock.pendingTimers).toBe(1);
    clock.advance(5_000);
    expect((await answer).status).toBe(202);
    expect((await answer).headers.get("location")).toBe(`/v1/jobs/${id}`);
    expect((await answer).json).toMatchObject({ status: "queued", cancel_requested_at: expect.any(String) });
  });

  it("that finishes before it could be stopped gets the job as it is", async () => {
    const id = idIn(await post({ prompt: "x", fate: "running" }, { Prefer: "respond-async" }));
    await gateway.runner.settled();
    // The runner is deaf to the wish.
    await gateway.runner.stop();
    const answer = gateway.send("DELETE", `/v1/jobs/${id}`);
    await expect.poll(() => clock.pendingTimers).toBe(1);
    await gateway.runner.finish(id);
    expect([(await answer).status, (await answer).json]).toMatchObject([200, { status: "completed" }]);
  });

  it("that is finished, or not there, is refused", async () => {
    const id = idIn(await post({ prompt: "x" }));
    expect((await gateway.send("DELETE", `/v1/jobs/${id}`)).json).toMatchObject({ status: 409, code: "job_finished" });
    expect((await gateway.send("DELETE", "/v1/jobs/none")).json).toMatchObject({ status: 404, code: "job_not_found" });
  });

  it("tells who waits for its picture that it was cancelled", async () => {
    const answer = post({ prompt: "x", fate: "running" }, { Accept: "image/png" });
    await expect.poll(async () => (await gateway.deps.jobs.counts()).running).toBe(1);
    const [job] = (await gateway.deps.jobs.listJobs({ limit: 1 })).items;
    await gateway.send("DELETE", `/v1/jobs/${job?.id}`);
    expect((await answer).json).toMatchObject({ status: 409, code: "cancelled", instance: `/v1/jobs/${job?.id}` });
  });
});

describe("a job under way", () => {
  it("shows its attempt, and how much time is left by what earlier runs took", async () => {
    const run = async (): Promise<string> => {
      const id = idIn(await post({ prompt: "x", fate: "running" }, { Prefer: "respond-async" }));
      await gateway.runner.settled();
      await gateway.runner.progress(id, 25);
      return id;
    };
    const first = await run();
    expect((await gateway.send("GET", `/v1/jobs/${first}`)).json).toMatchObject({ progress: { percent: 25, remaining_seconds: null } });
    clock.advance(40_000);
    await gateway.runner.finish(first);
    expect((await gateway.send("GET", `/v1/jobs/${first}`)).json).toMatchObject({
      attempt: 1,
      attempts: [{ number: 1, started_at: "2026-01-01T00:00:00.000Z", ended_at: "2026-01-01T00:00:40.000Z", error: null }],
      progress: { percent: 100, remaining_seconds: 0 },
    });
    const second = await run();
    expect((await gateway.send("GET", `/v1/jobs/${second}`)).json).toMatchObject({ progress: { percent: 25, remaining_seconds: 30 } });
  });
});

it("passes the places where a death of the process is tested in their order", async () => {
  const passed: string[] = [];
  await sendTo({ checkpoint: (place) => passed.push(place) }, "POST", "/test/picture", { body: '{"prompt":"x"}' });
  expect(passed).toEqual(["before-row", "after-row", "before-answer"]);
});
