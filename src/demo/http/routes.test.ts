import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { get, post, stopDemo } from "../demo-client.test-kit.ts";
import { startDemoComfyui, type DemoComfyui } from "../demo-comfyui.ts";
import { solid } from "../drawing/raster.ts";
import { encodePng } from "../drawing/png.ts";

let demo: DemoComfyui;

beforeAll(async () => {
  demo = await startDemoComfyui({ maxUploadBytes: 5000 });
});

afterAll(async () => {
  await stopDemo(demo);
});

const trouble = "500 Internal Server Error\n\nServer got itself in trouble";

/** fetch sets Host and Origin itself. */
function statusWith(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${demo.url}/prompt`, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    outgoing.on("error", reject).end();
  });
}

interface Upload {
  readonly name: string;
  readonly content?: string | Uint8Array<ArrayBuffer>;
  readonly fields?: Readonly<Record<string, string>>;
}

async function upload({ name, content = "x", fields = {} }: Upload): Promise<{ readonly status: number; readonly body: unknown }> {
  const form = new FormData();
  form.append("image", new Blob([content]), name);
  for (const [key, value] of Object.entries(fields)) form.append(key, value);
  const response = await fetch(`${demo.url}/upload/image`, { method: "POST", body: form });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

describe("every route", () => {
  it("exists bare and below /api, but not twice below it", async () => {
    expect((await get(demo.url, "/prompt")).body).toEqual({ exec_info: { queue_remaining: 0 } });
    expect((await get(demo.url, "/api/prompt")).status).toBe(200);
    expect((await get(demo.url, "/api/api/prompt")).status).toBe(404);
  });

  it("answers unknown paths with an empty 404 of bytes, and other methods with 405", async () => {
    const answer = await get(demo.url, "/nope");
    expect([answer.status, answer.headers.get("content-type"), answer.text]).toEqual([404, "application/octet-stream", ""]);
    expect((await fetch(`${demo.url}/nope`, { method: "DELETE" })).status).toBe(405);
    expect((await fetch(`${demo.url}/prompt`, { method: "PUT" })).headers.get("allow")).toBe("GET,HEAD,POST");
    expect((await fetch(`${demo.url}/prompt`, { method: "OPTIONS" })).status).toBe(200);
  });

  it.each([
    ["/prompt", "{"],
    ["/prompt", '{"prompt":null}'],
    ["/prompt", '{"prompt":{},"number":"x"}'],
    ["/free", ""],
    ["/interrupt", "[]"],
    ["/queue", '{"delete":3}'],
  ])("answers POST %s with %s as a bare 500 in plain text", async (path, body) => {
    const answer = await post(demo.url, path, body);
    expect([answer.status, answer.text]).toEqual([500, trouble]);
  });

  it("reads a body that comes in pieces and does not say how long it is", async () => {
    const pieces = ['{"prompt":{"1":{"class_type":"PreviewAny",', '"inputs":{"source":"x"}}},"prompt_id":"pieces"}'];
    const status = await new Promise((resolve, reject) => {
      const outgoing = request(`${demo.url}/prompt`, { method: "POST" }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      outgoing.on("error", reject);
      for (const piece of pieces) outgoing.write(piece);
      outgoing.end();
    });
    expect(status).toBe(200);
    expect(demo.accepted().at(-1)?.promptId).toBe("pieces");
  });

  it("takes a target that is a whole URL, and one with dots, escapes or a host in it", async () => {
    const { hostname, port } = new URL(demo.url);
    // fetch would write them anew.
    const statusOf = (path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const outgoing = request({ hostname, port, path }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        outgoing.on("error", reject).end();
      });
    const targets = [`${demo.url}/prompt?x=1`, "/x/../prompt", "/%70rompt", "//elsewhere/prompt", "//", "/prompt?x#y", "/prompt/"];
    expect(await Promise.all(targets.map(statusOf))).toEqual([200, 200, 404, 200, 200, 200, 404]);
  });

  it("writes a prompt id of any characters as JSON", async () => {
    const id = 'a"b\\c';
    await post(demo.url, "/prompt", { prompt: { "1": { class_type: "PreviewAny", inputs: { source: "x" } } }, prompt_id: id });
    const path = `/history/${encodeURIComponent(id)}`;
    await expect.poll(async () => (await get(demo.url, path)).body).toEqual({ [id]: expect.objectContaining({ outputs: { "1": { text: ["x"] } } }) });
  });

  it("refuses a body that is too large, JSON as well", async () => {
    const answer = await post(demo.url, "/prompt", JSON.stringify({ text: "x".repeat(6000) }));
    expect([answer.status, answer.text]).toEqual([413, "Maximum request body size 5000 exceeded."]);
  });

  it("refuses pages of other origins", async () => {
    const { host, port } = new URL(demo.url);
    expect(await statusWith({ Host: host, Origin: `http://localhost:${port}` })).toBe(403);
    expect(await statusWith({ Host: host, Origin: "https://evil.example" })).toBe(403);
    expect(await statusWith({ Host: host, Origin: demo.url })).toBe(200);
    expect(await statusWith({ Host: host, Origin: "http://127.0.0.1" })).toBe(200);
    expect(await statusWith({ Host: "gpu.lan:8188", Origin: "https://evil.example" })).toBe(200);
  });

  it("knows models by folder, and no folder that is not there", async () => {
    expect((await get(demo.url, "/models")).body).toContain("diffusion_models");
    expect((await get(demo.url, "/models/vae")).body).toContain("qwen_image_vae.safetensors");
    expect((await get(demo.url, "/models/nope")).status).toBe(404);
    expect((await get(demo.url, "/object_info/Nope")).body).toEqual({});
    expect((await get(demo.url, "/features")).body).toEqual({ supports_preview_metadata: true, max_upload_size: 5000 });
  });

  it("counts on with each POST, also one that is refused", async () => {
    await post(demo.url, "/prompt", {});
    const graph = { "1": { class_type: "PreviewAny", inputs: { source: "x" } } };
    const first = await post(demo.url, "/prompt", { prompt: graph });
    await post(demo.url, "/prompt", { prompt: {} });
    const second = await post(demo.url, "/prompt", { prompt: graph });
    const number = (body: unknown): number => Number(/"number":(-?\d+)/.exec(JSON.stringify(body))?.[1]);
    expect(number(second.body) - number(first.body)).toBe(2);
  });
});

describe("POST /upload/image", () => {
  it("keeps a name for the same bytes, counts on for others, and overwrites when told with true or 1", async () => {
    const named = async (content: string, fields?: Readonly<Record<string, string>>): Promise<unknown> =>
      (await upload({ name: "a.png", content, ...(fields === undefined ? {} : { fields }) })).body;
    expect(await named("1")).toEqual({ name: "a.png", subfolder: "", type: "input" });
    expect(await named("1")).toMatchObject({ name: "a.png" });
    expect(await named("2")).toMatchObject({ name: "a (1).png" });
    expect(await named("2")).toMatchObject({ name: "a (1).png" });
    expect(await named("3", { overwrite: "True" })).toMatchObject({ name: "a (2).png" });
    expect(await named("4", { overwrite: "true" })).toMatchObject({ name: "a.png" });
    expect(Buffer.from(demo.file("input", "a.png")?.bytes ?? []).toString()).toBe("4");
  });

  it.each([
    ["a subfolder outside", { name: "b.png", fields: { subfolder: "../x" } }, 400],
    ["an absolute subfolder", { name: "b.png", fields: { subfolder: "/etc" } }, 400],
    ["an unknown folder type", { name: "b.png", fields: { type: "bad" } }, 500],
    ["a slash in the name into no folder", { name: "nodir/b.png" }, 500],
    ["a name that climbs out", { name: "../../b.png" }, 400],
  ])("refuses %s", async (_, params, status) => {
    expect((await upload(params)).status).toBe(status);
  });

  it("takes any kind of file, into a subfolder that it makes", async () => {
    expect(await upload({ name: "e.txt", content: "", fields: { subfolder: "s/t", type: "temp" } })).toEqual({ status: 200, body: { name: "e.txt", subfolder: "s/t", type: "temp" } });
    expect(demo.fileNames("temp")).toContain("s/t/e.txt");
  });

  it("answers 400 without a file", async () => {
    expect((await post(demo.url, "/upload/image", "")).status).toBe(400);
  });
});

describe("GET /view", () => {
  it.each([
    ["", 404],
    ["?filename=", 400],
    ["?filename=nope.png", 404],
    ["?filename=my..file.png", 400],
    ["?filename=/etc/passwd", 400],
    ["?filename=x&type=bad", 400],
    ["?filename=x&subfolder=../..", 403],
    ["?filename=x&subfolder=/etc", 403],
  ])("answers %s with %i and nothing else", async (query, status) => {
    const answer = await get(demo.url, `/view${query}`);
    expect([answer.status, answer.text]).toEqual([status, ""]);
  });

  it("drops folders in the name, and cuts the folder suffix with the space before it", async () => {
    await upload({ name: "v.txt", content: "root" });
    await upload({ name: "v.txt", content: "deep", fields: { subfolder: "deep" } });
    expect((await get(demo.url, "/view?filename=deep/v.txt&type=input")).text).toBe("root");
    expect((await get(demo.url, "/view?filename=v.txt&subfolder=deep&type=input")).text).toBe("deep");
    expect((await get(demo.url, "/view?filename=v.txt%20[input]&type=output")).text).toBe("root");
    expect((await get(demo.url, "/view?filename=v.txt[input]")).status).toBe(404);
  });

  it("serves ranges, an ETag, and a HEAD without body", async () => {
    await upload({ name: "r.bin", content: "0123456789" });
    const path = "/view?filename=r.bin&type=input";
    const whole = await get(demo.url, path);
    expect([whole.text, whole.headers.get("content-disposition")]).toEqual(["0123456789", 'filename="r.bin"']);
    const part = await get(demo.url, path, { Range: "bytes=2-4" });
    expect([part.status, part.text, part.headers.get("content-range")]).toEqual([206, "234", "bytes 2-4/10"]);
    expect((await get(demo.url, path, { Range: "bytes=-3" })).text).toBe("789");
    expect((await get(demo.url, path, { Range: "bytes=10-" })).status).toBe(416);
    expect((await get(demo.url, path, { "If-None-Match": whole.headers.get("etag") ?? "" })).status).toBe(304);
    const head = await fetch(demo.url + path, { method: "HEAD" });
    expect([head.headers.get("content-length"), await head.text()]).toEqual(["10", ""]);
  });

  it("gives a file that was written over another ETag, though it is as long", async () => {
    const path = "/view?filename=over.bin&type=input";
    await upload({ name: "over.bin", content: "one" });
    const before = (await get(demo.url, path)).headers.get("etag") ?? "";
    expect((await get(demo.url, path)).headers.get("etag")).toBe(before);
    await upload({ name: "over.bin", content: "two", fields: { overwrite: "1" } });
    const after = await get(demo.url, path, { "If-None-Match": before });
    expect([after.status, after.text]).toEqual([200, "two"]);
    expect(after.headers.get("etag")).toMatch(/^"[\w-]+"$/);
  });

  it("encodes a preview of a picture, and fails on what is none", async () => {
    await upload({ name: "p.png", content: Uint8Array.from(await encodePng(solid(4, 4, 0xff0000))) });
    const preview = await get(demo.url, "/view?filename=p.png&type=input&preview=webp;90");
    expect([preview.status, preview.headers.get("content-type")]).toEqual([200, "image/webp"]);
    await upload({ name: "p.txt" });
    expect((await get(demo.url, "/view?filename=p.txt&type=input&preview=webp")).status).toBe(500);
  });

  it("never names a type that a browser would run", async () => {
    await upload({ name: "x.html" });
    expect((await get(demo.url, "/view?filename=x.html&type=input")).headers.get("content-type")).toBe("application/octet-stream");
  });
});
