import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { parseBackendAddress } from "./backend-address.ts";
import { eventually } from "./eventually.suite.ts";
import { ComfyHttp } from "./http-client.ts";
import { uploadInput } from "./input-upload.ts";
import { downloadOutput } from "./output-download.ts";
import { startScriptedServer, type Script, type ScriptedServer } from "./scripted-server.ts";
import { timeoutsMs } from "./timeouts.ts";

const clock = new HeldClock();

let server: ScriptedServer | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
  if (clock.pendingTimers > 0) throw new Error("a timer was left behind");
});

async function serving(answer: Script["answer"]): Promise<ComfyHttp> {
  server = await startScriptedServer({ answer });
  return new ComfyHttp({ address: parseBackendAddress(server.url), clock });
}

describe("uploadInput", () => {
  const name = "comfyui-api/abc.png";
  const content = new Blob(["four"]);
  const stored = JSON.stringify({ name: "abc.png", subfolder: "comfyui-api", type: "input", asset: {} });

  it("sends name and folder apart, to be overwritten", async () => {
    const http = await serving((request, response) => (request.method === "HEAD" ? response.writeHead(404).end() : response.end(stored)));
    await uploadInput(http, { name, content });
    const [head, post] = server?.requests ?? [];
    expect(head).toMatchObject({ method: "HEAD", url: "/api/view?type=input&subfolder=comfyui-api&filename=abc.png" });
    expect(post).toMatchObject({ method: "POST", url: "/api/upload/image" });
    const parts = post?.body.toString().split(/--[-\w]+\r\n/).map((part) => part.replaceAll("\r\n", "|"));
    expect(parts).toEqual([
      "",
      'Content-Disposition: form-data; name="type"||input|',
      'Content-Disposition: form-data; name="subfolder"||comfyui-api|',
      'Content-Disposition: form-data; name="overwrite"||true|',
      expect.stringMatching(/^Content-Disposition: form-data; name="image"; filename="abc\.png"\|Content-Type: [\w/-]+\|\|four\|$/),
      "",
    ]);
  });

  it("leaves a file of the same name and size alone, and replaces one of another size", async () => {
    let size = 4;
    const http = await serving((request, response) =>
      request.method === "HEAD" ? response.writeHead(200, { "content-length": size }).end() : response.end(stored),
    );
    await uploadInput(http, { name, content });
    expect(server?.requests.map((request) => request.method)).toEqual(["HEAD"]);
    size = 3;
    await uploadInput(http, { name, content });
    expect(server?.requests.map((request) => request.method)).toEqual(["HEAD", "HEAD", "POST"]);
  });

  it.each([
    ["another name", 200, JSON.stringify({ name: "abc (1).png", subfolder: "comfyui-api" }), "comfyui_unexpected"],
    ["another folder", 200, JSON.stringify({ name: "abc.png", subfolder: "" }), "comfyui_unexpected"],
    ["no JSON", 200, "ok", "comfyui_unexpected"],
    ["too large", 413, "Maximum request body size 104857600 exceeded.", "comfyui_rejected"],
    ["a fault", 500, "", "comfyui_unexpected"],
    ["a proxy's fault", 503, "", "comfyui_unreachable"],
  ])("fails on %s", async (_, status, body, code) => {
    const http = await serving((request, response) =>
      request.method === "HEAD" ? response.writeHead(404).end() : response.writeHead(status).end(body),
    );
    await expect(uploadInput(http, { name, content })).rejects.toMatchObject({ code });
  });

  it("takes the host's own folder separators", async () => {
    const http = await serving((request, response) =>
      request.method === "HEAD" ? response.writeHead(404).end() : response.end(JSON.stringify({ name: "c.png", subfolder: "a\\b" })),
    );
    await expect(uploadInput(http, { name: "a/b/c.png", content })).resolves.toBeUndefined();
  });
});

describe("downloadOutput", () => {
  const file = { filename: "a b&c.png", subfolder: "gw/x", type: "output" } as const;

  it("asks by name, folder and type, and streams the bytes unchanged", async () => {
    const bytes = Buffer.alloc(3_000_000, "abcdefg");
    const http = await serving((_, response) => response.end(bytes));
    expect((await buffer(await downloadOutput(http, file))).equals(bytes)).toBe(true);
    expect(server?.requests[0]?.url).toBe("/api/view?filename=a+b%26c.png&subfolder=gw%2Fx&type=output");
    expect(server?.requests[0]?.headers["accept-encoding"]).toBe("identity");
  });

  it("streams an empty file", async () => {
    const http = await serving((_, response) => response.end());
    expect(await buffer(await downloadOutput(http, file))).toHaveLength(0);
  });

  it.each([
    [404, "output_unavailable"],
    [400, "output_unavailable"],
    [403, "output_unavailable"],
    [500, "comfyui_unexpected"],
    [502, "comfyui_unreachable"],
  ])("fails on %d with %s", async (status, code) => {
    const http = await serving((_, response) => response.writeHead(status).end());
    await expect(downloadOutput(http, file)).rejects.toMatchObject({ code });
  });

  it("names the file that is not to be had", async () => {
    const http = await serving((_, response) => response.writeHead(404).end());
    await expect(downloadOutput(http, file)).rejects.toMatchObject({ detail: expect.stringContaining("a b&c.png") });
  });

  it("fails when the bytes break off", async () => {
    const http = await serving((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.socket?.destroy());
    });
    await expect(buffer(await downloadOutput(http, file))).rejects.toMatchObject({ code: "comfyui_unreachable" });
  });

  it("fails when no bytes come for the idle limit, however many came before", async () => {
    const http = await serving((_, response) => void response.write("some"));
    const stream = await downloadOutput(http, file);
    expect(Buffer.from((await stream.next()).value ?? []).toString()).toBe("some");
    const failed = stream.next().catch((error: unknown) => error);
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    clock.advance(timeoutsMs.downloadIdle);
    expect(await failed).toMatchObject({ code: "comfyui_unreachable", detail: expect.stringContaining("timed out after 60 s") });
  });

  it("lets go of the connection when the reader gives up", async () => {
    let closed = false;
    const http = await serving((_, response) => {
      response.once("close", () => (closed = true));
      response.write("some");
    });
    const stream = await downloadOutput(http, file);
    await stream.return?.();
    await eventually(() => expect(closed).toBe(true));
  });
});
