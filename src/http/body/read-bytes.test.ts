import { describe, expect, it } from "vitest";
import { readBytes } from "./read-bytes.ts";

function streamed(pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void): Request {
  return new Request("http://h", { method: "POST", body: new ReadableStream({ pull }), duplex: "half" });
}

describe("readBytes", () => {
  it("reads up to the limit and not a byte more", async () => {
    const request = (): Request => new Request("http://h", { method: "POST", body: "12345" });
    expect(Buffer.from(await readBytes(request(), 5)).toString()).toBe("12345");
    await expect(readBytes(request(), 4)).rejects.toMatchObject({ code: "payload_too_large" });
  });

  it("stops an endless body at the limit", async () => {
    let sent = 0;
    const endless = streamed((controller) => {
      sent += 10;
      controller.enqueue(new Uint8Array(10));
    });
    await expect(readBytes(endless, 100)).rejects.toMatchObject({ code: "payload_too_large" });
    expect(sent).toBeLessThan(200);
  });

  it("believes an announced length before it reads", async () => {
    const request = new Request("http://h", { method: "POST", body: "1", headers: { "Content-Length": "1000" } });
    await expect(readBytes(request, 100)).rejects.toMatchObject({ code: "payload_too_large" });
    expect(request.bodyUsed).toBe(false);
  });

  it("tells a body that breaks off from a fault of ours", async () => {
    const broken = streamed((controller) => controller.error(new Error("ECONNRESET")));
    await expect(readBytes(broken, 100)).rejects.toMatchObject({ code: "invalid_json" });
  });
});
