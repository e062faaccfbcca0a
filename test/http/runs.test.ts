import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { HeldClock } from "../../src/telemetry/held-clock.ts";
import { openGateway, type Gateway, type Received } from "./gateway.ts";
import { pngBytes } from "./test-runner.ts";

const bigSeed = 18446744073709551615n;

const withId = z.looseObject({ id: z.string() });

let gateway: Gateway;

beforeEach(async () => {
  gateway = await openGateway();
});

afterEach(async () => {
  await gateway.close();
});

function post(inputs: object | string, headers: Record<string, string> = {}, query = ""): Promise<Received> {
  return gateway.send("POST", `/test/picture${query}`, { body: typeof inputs === "string" ? inputs : JSON.stringify(inputs), headers });
}

describe("the body of a run", () => {
  it("is taken as JSON when curl -d calls it a form", async () => {
    const answer = await post('{"prompt":"test"}', { "Content-Type": "application/x-www-form-urlencoded" });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ workflow: "test/picture", status: "completed", inputs: { prompt: "test", steps: 20 }, error: null });
  });

  it("keeps a seed of 64 bits digit for digit, in the job and in the graph", async () => {
    const answer = await post(`{"prompt":"x","seed":${bigSeed}}`);
    expect(answer.bytes.toString()).toContain(`"seed":${bigSeed}`);
    const { id } = withId.parse(answer.json);
    expect((await gateway.deps.jobs.get(id))?.graph["1"]?.inputs["seed"]).toBe(bigSeed);
    expect((await gateway.send("GET", `/v1/jobs/${id}`)).json).toMatchObject({ inputs: { seed: bigSeed } });
    expect((await gateway.send("GET", "/v1/jobs")).bytes.toString()).toContain(`"seed":${bigSeed}`);
    const graph = await gateway.send("POST", "/v1/workflows/test/picture/graph", { body: `{"prompt":"x","seed":${bigSeed}}` });
    expect(graph.json).toMatchObject({ inputs: { seed: bigSeed }, graph: { "1": { inputs: { seed: bigSeed } } } });
    const raw = await gateway.send("POST", "/v1/jobs", { body: `{"graph":{"1":{"class_type":"Draw","inputs":{"seed":${bigSeed}}}}}` });
    expect((await gateway.deps.jobs.get(withId.parse(raw.json).id))?.graph["1"]?.inputs["seed"]).toBe(bigSeed);
  });

  it("tells the seed that was drawn", async () => {
    const { inputs } = z.looseObject({ inputs: z.looseObject({ seed: z.number() }) }).parse((await post({ prompt: "x" })).json);
    expect((await post({ prompt: "x", seed: inputs.seed })).json).toMatchObject({ inputs: { seed: inputs.seed } });
  });

  it("may be empty, which is an object without fields", async () => {
    expect((await post("")).json).toMatchObject({ code: "invalid_input", errors: [{ pointer: "/prompt" }] });
  });

  it.each([
    [{ prompt: "x", steps: 0 }, ["/steps"]],
    [{ prompt: 1, steps: "many" }, ["/prompt", "/steps"]],
    [{ prompt: "x", stepz: 5 }, ["/stepz"]],
    [[], [""]],
  ])("that is wrong at %j is refused with a pointer to each fault", async (inputs, pointers) => {
    const answer = await post(inputs);
    expect(answer.status).toBe(400);
    const { errors } = z.looseObject({ errors: z.array(z.looseObject({ pointer: z.string() })) }).parse(answer.json);
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(pointers);
    expect((await gateway.deps.jobs.counts()).queued).toBe(0);
  });

  it.each([
    ["{", "application/json", 400, "invalid_json"],
    ["{'prompt':'x'}", "application/x-www-form-urlencoded", 400, "invalid_json"],
    ["[".repeat(5000), "application/json", 400, "invalid_json"],
    ["prompt=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"],
    ["hello", "text/plain", 415, "unsupported_media_type"],
    ["x", "multipart/form-data", 400, "invalid_multipart"],
    ["x", "multipart/form-data; boundary=b", 400, "invalid_multipart"],
  ])("%j as %s is answered with %i %s", async (body, type, status, code) => {
    const answer = await post(body, { "Content-Type": type });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ code });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });
});

describe("a workflow that fails", () => {
  it("is answered with its name and without its secrets", async () => {
    const answer = await gateway.send("POST", "/test/crash", { body: "{}" });
    expect(answer.status).toBe(500);
    expect(answer.json).toMatchObject({ code: "workflow_failed", instance: "/test/crash" });
    expect(answer.bytes.toString()).not.toContain("secret");
  });
});

describe("a form", () => {
  function form(parts: Readonly<Record<string, string | Blob | (string | Blob)[]>>): FormData {
    const data = new FormData();
    for (const [name, values] of Object.entries(parts)) {
      for (const value of [values].flat()) {
        if (typeof value === "string") data.append(name, value);
        else data.append(name, value, `${name}.png`);
      }
    }
    return data;
  }

  const photo = new Blob([new Uint8Array(pngBytes())], { type: "image/png" });

  it("brings files and texts, each in the type the workflow wants", async () => {
    const answer = await gateway.send("POST", "/test/edit", { body: form({ image: photo, prompt: "2", strength: "0.25", hires: "true" }) });
    expect(answer.status).toBe(200);
    const { inputs, id } = withId.extend({ inputs: z.looseObject({ image: z.string() }) }).parse(answer.json);
    expect(inputs).toMatchObject({ image: expect.stringMatching(/^file:[0-9a-f]{64}$/), prompt: "2", strength: 0.25, hires: true });
    const job = await gateway.deps.jobs.get(id);
    const [file] = job?.files ?? [];
    expect(file).toEqual({ fileId: inputs.image.slice("file:".length), name: `comfyui-api/${inputs.image.slice("file:".length)}.png` });
    expect(job?.graph["1"]?.inputs["image"]).toBe(file?.name);
    expect((await gateway.send("GET", `/v1/files/${file?.fileId}`)).bytes).toEqual(pngBytes());
  });

  it("makes a list of parts with the same name", async () => {
    const answer = await gateway.send("POST", "/test/edit", { body: form({ image: photo, prompt: "x", references: [photo, new Blob([new Uint8Array(pngBytes(5, 5))])] }) });
    expect(answer.json).toMatchObject({ status: "completed", inputs: { references: [expect.stringMatching(/^file:/), expect.stringMatching(/^file:/)] } });
  });

  it.each([
    ["a file that is no image", { image: new Blob(["hello"]), prompt: "x" }, "invalid_file", "/image"],
    ["a text where a number stands", { image: photo, prompt: "x", strength: "much" }, "invalid_input", "/strength"],
    ["a field that is not there", { image: photo, prompt: "x", extra: "1" }, "invalid_input", "/extra"],
    ["broken JSON in a list", { image: photo, prompt: "x", references: "[1" }, "invalid_multipart", "/references"],
  ])("with %s is refused with a pointer", async (_what, parts, code, pointer) => {
    const answer = await gateway.send("POST", "/test/edit", { body: form(parts) });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code, errors: [{ pointer }] });
  });

  it("with a file or texts that are too large is refused, and nothing is kept", async () => {
    const large = await gateway.send("POST", "/test/edit", { body: form({ image: new Blob([new Uint8Array(200_001)]), prompt: "x" }) });
    expect(large.json).toMatchObject({ status: 413, code: "payload_too_large" });
    const long = await gateway.send("POST", "/test/edit", { body: form({ prompt: ["x".repeat(60_000), "x".repeat(60_000)] }) });
    expect(long.json).toMatchObject({ status: 413, code: "payload_too_large" });
  });

  it("with more parts than any workflow takes is refused", async () => {
    const files = await gateway.send("POST", "/test/edit", { body: form({ references: Array.from({ length: 33 }, () => photo) }) });
    expect(files.json).toMatchObject({ status: 400, code: "invalid_multipart" });
    const texts = await gateway.send("POST", "/test/edit", { body: form({ prompt: Array.from({ length: 257 }, () => "x") }) });
    expect(texts.json).toMatchObject({ status: 400, code: "invalid_multipart" });
  });
});

describe("Accept", () => {
  it("image/png gets the picture, with its type, its tag and where its job is", async () => {
    const answer = await post({ prompt: "x" }, { Accept: "image/png" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("image/png");
    expect(answer.bytes).toEqual(pngBytes());
    const location = answer.headers.get("location") ?? "";
    expect(location).toBe(`/v1/jobs/${answer.headers.get("x-job-id")}`);
    expect((await gateway.send("GET", location)).json).toMatchObject({ status: "completed" });
  });

  it("image/png gets a 406 that lists what there is, when the picture is a WebP", async () => {
    const answer = await post({ prompt: "x", format: "webp" }, { Accept: "image/png" });
    expect(answer.json).toMatchObject({ status: 406, code: "not_acceptable", detail: expect.stringContaining("image/webp") });
    expect(answer.headers.get("location")).toMatch(/^\/v1\/jobs\//);
    expect((await post({ prompt: "x", format: "webp" }, { Accept: "image/*" })).headers.get("content-type")).toBe("image/webp");
    expect((await post({ prompt: "x", format: "none" }, { Accept: "image/png, application/json;q=0.5" })).json).toMatchObject({ outputs: [] });
  });

  it("image/png gets the problem of a failed job, never an image", async () => {
    const answer = await post({ prompt: "x", fate: "comfyui_node_failed" }, { Accept: "image/png" });
    expect(answer.status).toBe(502);
    expect(answer.json).toMatchObject({ code: "comfyui_node_failed", instance: answer.headers.get("location"), errors: [{ pointer: "/prompt", node_id: "1" }] });
  });

  it("image/png gets the job as JSON when it is not finished in time", async () => {
    const answer = await post({ prompt: "x", fate: "pending" }, { Accept: "image/png", Prefer: "wait=0" });
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ status: "queued" });
  });

  it("of JSON gets a failed job as a job", async () => {
    const answer = await post({ prompt: "x", fate: "comfyui_rejected" });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ status: "failed", error: { code: "comfyui_rejected", status: 422, retryable: false, title: "ComfyUI refused the graph" } });
  });
});

describe("Prefer", () => {
  it("respond-async is answered at once with 202, Location and what was applied", async () => {
    const answer = await post({ prompt: "x", fate: "pending" }, { Prefer: "respond-async" });
    expect(answer.status).toBe(202);
    expect(answer.headers.get("preference-applied")).toBe("respond-async");
    expect(answer.headers.get("location")).toBe(`/v1/jobs/${withId.parse(answer.json).id}`);
  });

  it("wait beyond 300 is refused before anything is stored", async () => {
    const answer = await post({ prompt: "x" }, { Prefer: "wait=301" });
    expect(answer.json).toMatchObject({ status: 400, code: "invalid_query", detail: expect.stringContaining("Prefer") });
    expect((await gateway.send("GET", "/v1/jobs")).json).toMatchObject({ jobs: [] });
  });

  it("wait=N waits that long and no longer, and leaves nothing behind", async () => {
    const clock = new HeldClock();
    const held = await openGateway({ clock });
    try {
      const answer = held.send("POST", "/test/picture", { body: '{"prompt":"x","fate":"pending"}', headers: { Prefer: "wait=7" } });
      await expect.poll(() => clock.pendingTimers).toBe(1);
      clock.advance(6_999);
      expect(clock.pendingTimers).toBe(1);
      clock.advance(1);
      expect((await answer).status).toBe(202);
      expect((await answer).headers.get("preference-applied")).toBe("wait=7");
      expect(clock.pendingTimers).toBe(0);
    } finally {
      await held.close();
    }
  });

  it("is cut short when the gateway stops", async () => {
    const stopping = new AbortController();
    const stopped = await openGateway({ stopping: stopping.signal });
    try {
      const answer = stopped.send("POST", "/test/picture", { body: '{"prompt":"x","fate":"pending"}' });
      await expect.poll(async () => (await stopped.deps.jobs.counts()).queued).toBe(1);
      stopping.abort();
      expect((await answer).status).toBe(202);
    } finally {
      await stopped.close();
    }
  });
});

describe("the query", () => {
  it.each([
    ["?foo=1", "foo"],
    ["?outputs=base64", "outputs"],
    ["?priority=urgent", "priority"],
    ["?priority=low&priority=high", "priority"],
    ["?__proto__=1", "__proto__"],
  ])("%s is refused by name", async (query, name) => {
    const answer = await post({ prompt: "x" }, {}, query);
    expect(answer.json).toMatchObject({ status: 400, code: "invalid_query", detail: expect.stringContaining(name) });
  });

  it("outputs=inline puts the bytes into the job, as far as they fit", async () => {
    expect((await post({ prompt: "x" }, {}, "?outputs=inline")).json).toMatchObject({ outputs: [{ data: pngBytes().toString("base64") }] });
    const small = await openGateway({ limits: { ...gateway.deps.limits, maxInlineBytes: 10 } });
    try {
      const { json } = await small.send("POST", "/test/picture?outputs=inline", { body: '{"prompt":"x"}' });
      expect(z.looseObject({ outputs: z.array(z.record(z.string(), z.unknown())) }).parse(json).outputs[0]).not.toHaveProperty("data");
    } finally {
      await small.close();
    }
  });

  it.each(["low", "normal", "high"])("priority=%s is the job's priority", async (priority) => {
    expect((await post({ prompt: "x" }, {}, `?priority=${priority}`)).json).toMatchObject({ priority });
  });
});

describe("texts and raw graphs", () => {
  it("a text output carries its text", async () => {
    expect((await post({ prompt: "x", format: "text" })).json).toMatchObject({ outputs: [{ kind: "text", text: "hello", content_type: "text/plain; charset=utf-8" }] });
  });

  it("a raw graph gets a folder of its own for what it saves, and its uploaded files by name", async () => {
    const { id } = withId.parse((await gateway.send("POST", "/v1/files", { body: new Uint8Array(pngBytes()) })).json);
    const graph = { "1": { class_type: "LoadImage", inputs: { image: `file:${id}` } }, "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "out" } } };
    const job = withId.parse((await gateway.send("POST", "/v1/jobs", { body: JSON.stringify({ graph }) })).json);
    const stored = await gateway.deps.jobs.get(job.id);
    expect(stored?.graph["1"]?.inputs["image"]).toBe(`comfyui-api/${id}.png`);
    expect(stored?.graph["2"]?.inputs["filename_prefix"]).toBe(`comfyui-api/${job.id}/out`);
    expect(stored?.files).toEqual([{ fileId: id, name: `comfyui-api/${id}.png` }]);
  });

  it.each([
    [{}, "/graph"],
    [[], ""],
    [{ prompt: {} }, "/prompt"],
    [{ graph: { "1": { inputs: {} } } }, "/graph/1/class_type"],
  ])("a raw graph sent as %j is refused with a pointer", async (body, pointer) => {
    const answer = await gateway.send("POST", "/v1/jobs", { body: JSON.stringify(body) });
    expect(answer.json).toMatchObject({ status: 400, code: "invalid_graph", errors: [{ pointer }] });
  });

  it("a raw graph with a file that was never uploaded is refused", async () => {
    const graph = { "1": { class_type: "LoadImage", inputs: { image: `file:${"0".repeat(64)}` } } };
    const answer = await gateway.send("POST", "/v1/jobs", { body: JSON.stringify({ graph }) });
    expect(answer.json).toMatchObject({ status: 400, code: "invalid_file" });
  });
});
