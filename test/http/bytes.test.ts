import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openGateway, type Gateway, type Received } from "./gateway.ts";
import { pngBytes } from "./test-runner.ts";

const job = z.looseObject({ outputs: z.array(z.looseObject({ url: z.string(), sha256: z.string() })) });

let gateway: Gateway;
let url: string;
let tag: string;

async function outputOf(format: string): Promise<{ url: string; sha256: string }> {
  const { json } = await gateway.send("POST", "/test/picture", { body: JSON.stringify({ prompt: "x", format }) });
  const [output] = job.parse(json).outputs;
  if (output === undefined) throw new Error("no output");
  return output;
}

function get(headers: Record<string, string> = {}, method = "GET"): Promise<Received> {
  return gateway.send(method, url, { headers });
}

beforeAll(async () => {
  gateway = await openGateway();
  const output = await outputOf("png");
  url = output.url;
  tag = `"${output.sha256}"`;
});

afterAll(async () => {
  await gateway.close();
});

describe("an output", () => {
  const whole = pngBytes();

  it("is served whole, with its type, length, strong tag and a name that old and new clients can read", async () => {
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(answer.bytes).toEqual(whole);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "image/png",
      "content-length": String(whole.length),
      "content-disposition": "inline; filename=\"bild _.png\"; filename*=UTF-8''bild%20%C3%BC.png",
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      etag: tag,
    });
  });

  it.each([
    ["bytes=0-0", 0, 0],
    ["bytes=10-19", 10, 19],
    ["bytes=-5", whole.length - 5, whole.length - 1],
    ["bytes=60-", 60, whole.length - 1],
  ])("is served in part for Range: %s", async (range, start, end) => {
    const answer = await get({ Range: range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get("content-range")).toBe(`bytes ${start}-${end}/${whole.length}`);
    expect(answer.headers.get("content-length")).toBe(String(end - start + 1));
    expect(answer.bytes).toEqual(whole.subarray(start, end + 1));
  });

  it("answers a range outside of it with 416 and its size", async () => {
    const answer = await get({ Range: "bytes=1000-" });
    expect(answer.json).toMatchObject({ status: 416, code: "range_not_satisfiable" });
    expect(answer.headers.get("content-range")).toBe(`bytes */${whole.length}`);
  });

  it("is served in part only if it is still the same", async () => {
    expect((await get({ Range: "bytes=0-0", "If-Range": tag })).status).toBe(206);
    expect((await get({ Range: "bytes=0-0", "If-Range": '"other"' })).status).toBe(200);
    expect((await get({ Range: "bytes=0-0", "If-Range": "Thu, 01 Jan 2026 00:00:00 GMT" })).status).toBe(200);
  });

  it("is not sent again to whoever has it", async () => {
    const answer = await get({ "If-None-Match": `"other", W/${tag}` });
    expect(answer.status).toBe(304);
    expect(answer.bytes).toHaveLength(0);
    expect(answer.headers.get("etag")).toBe(tag);
    expect((await get({ "If-None-Match": '"other"' })).status).toBe(200);
  });

  it("is described by HEAD without being sent", async () => {
    const answer = await get({ Range: "bytes=0-0" }, "HEAD");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-length")).toBe(String(whole.length));
    expect(answer.headers.get("etag")).toBe(tag);
    expect(answer.bytes).toHaveLength(0);
  });

  it.each([
    ["svg", "image/svg+xml"],
    ["html", "text/html; charset=utf-8"],
  ])("that is %s is never shown inline, and could run nothing if it were", async (format, type) => {
    const answer = await gateway.send("GET", (await outputOf(format)).url);
    expect(answer.headers.get("content-type")).toBe(type);
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment; /);
    expect(answer.headers.get("content-security-policy")).toContain("sandbox");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each(["1", "-1", "00", "x", "0.0"])("with the number %s is not there", async (index) => {
    const answer = await gateway.send("GET", url.replace(/0$/, index));
    expect(answer.json).toMatchObject({ status: 404, code: "output_not_found" });
  });
});

describe("an uploaded file", () => {
  const file = z.object({ id: z.string(), size: z.number(), content_type: z.string(), url: z.string(), reference: z.string() });

  it("is 201 the first time and 200 the next, with the same id, and served by the same rules", async () => {
    const bytes = pngBytes(7, 7);
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(bytes)]), "../../x.exe");
    const created = await gateway.send("POST", "/v1/files", { body: form });
    expect(created.status).toBe(201);
    const view = file.parse(created.json);
    expect(view).toEqual({ id: view.id, size: bytes.length, content_type: "image/png", url: `/v1/files/${view.id}`, reference: `file:${view.id}` });
    const known = await gateway.send("POST", "/v1/files", { body: new Uint8Array(bytes), headers: { "Content-Type": "image/png" } });
    expect(known.status).toBe(200);
    expect(known.json).toEqual(view);
    const part = await gateway.send("GET", view.url, { headers: { Range: "bytes=0-3" } });
    expect([part.status, part.bytes]).toEqual([206, bytes.subarray(0, 4)]);
  });

  it("is stored as what it is, not as what it is called: HTML never comes back as a page", async () => {
    const view = file.parse((await gateway.send("POST", "/v1/files", { body: "<html><script>alert(1)</script>", headers: { "Content-Type": "text/html" } })).json);
    const answer = await gateway.send("GET", view.url);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
  });

  it("keeps the claimed type where the content cannot tell", async () => {
    const answer = await gateway.send("POST", "/v1/files", { body: "a,b\n1,2\n", headers: { "Content-Type": "text/csv" } });
    expect(answer.json).toMatchObject({ content_type: "text/csv; charset=utf-8" });
  });

  it.each([
    ["another part", { photo: "x" }],
    ["two files", { file: ["a", "b"] }],
    ["a text beside it", { file: "a", note: 1 }],
  ])("is refused with %s", async (_what, parts) => {
    const form = new FormData();
    for (const [name, values] of Object.entries(parts)) {
      for (const value of [values].flat()) {
        if (typeof value === "string") form.append(name, new Blob([value]), "a.txt");
        else form.append(name, String(value));
      }
    }
    const answer = await gateway.send("POST", "/v1/files", { body: form });
    expect(answer.json).toMatchObject({ status: 400, code: "invalid_multipart" });
  });

  it.each(["", "x", "../jobs.sqlite", "%2e%2e%2fjobs.sqlite", "0".repeat(63), "A".repeat(64)])("with the id %j is not there", async (id) => {
    expect((await gateway.send("GET", `/v1/files/${id}`)).status).toBeGreaterThanOrEqual(404);
  });
});
