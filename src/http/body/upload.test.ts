import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDiskFileStore } from "../../files/disk-file-store.ts";
import type { FileStore } from "../../files/file-store.ts";
import { readUpload } from "./upload.ts";

const limits = { maxJsonBytes: 100, maxFileBytes: 100 };

let dir: string;
let files: FileStore;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "comfyui-api-upload-"));
  files = await openDiskFileStore({ dir });
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

function upload(body: string | ReadableStream<Uint8Array>): ReturnType<typeof readUpload> {
  return readUpload(new Request("http://h", { method: "POST", body, duplex: "half" }), { files, limits });
}

describe("readUpload", () => {
  it("tells new bytes from known ones", async () => {
    expect(await upload("one")).toMatchObject({ isNew: true, file: { size: 3 } });
    expect(await upload("one")).toMatchObject({ isNew: false });
    expect(await upload("two")).toMatchObject({ isNew: true });
  });

  it.each([
    ["empty", "", "invalid_file"],
    ["too large", "x".repeat(101), "payload_too_large"],
    ["broken off", new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("ECONNRESET")) }), "invalid_file"],
  ])("refuses an upload that is %s", async (_what, body, code) => {
    await expect(upload(body)).rejects.toMatchObject({ code });
  });
});
