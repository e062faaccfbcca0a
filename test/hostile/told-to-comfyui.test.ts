import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { hashKey, newKeyText } from "../../src/access/key-text.ts";
import { startDemoComfyui } from "../../src/demo/demo-comfyui.ts";
import { startDemoApp } from "../telemetry/demo-app.ts";
import { listeningLine } from "./listening-line.ts";

const finished = z.object({ id: z.string(), status: z.literal("completed"), outputs: z.array(z.object({ signed_url: z.string() })).min(1) });

const drawn = { graph: { "1": { class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color: 255 } }, "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "drawn" } } } };
const changed = { "1": { class_type: "LoadImage", inputs: { image: "example.png" } }, "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "changed" } } };

it("ComfyUI is sent the graph, its inputs and ids of ours, and no secret of callers or of the gateway", async (test) => {
  const dir = await mkdtemp(join(tmpdir(), "comfyui-api-told-"));
  test.onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const comfyui = await startDemoComfyui();
  test.onTestFinished(() => comfyui.stop());
  const line = await listeningLine(test, comfyui.url);
  await mkdir(join(dir, "workflows", "my"), { recursive: true });
  await writeFile(join(dir, "workflows", "my", "change.json"), JSON.stringify(changed));

  const key = newKeyText();
  const webhookKey = randomBytes(32).toString("base64");
  const dataDir = join(dir, "data");
  const config = { demo: false, comfyuiUrl: line.url, dataDir, workflowsDir: join(dir, "workflows"), apiKeys: `alice-of-the-test:${key}:run`, webhookSecret: `whsec_${webhookKey}`, fetchPrivateAddresses: true };
  const app = await startDemoApp(test, { config });
  const run = async (path: string, body: object): Promise<z.infer<typeof finished>> => {
    const headers = { "X-API-Key": key, "Idempotency-Key": `idempotency-of-${randomBytes(8).toString("hex")}`, "X-Request-Id": "request-id-of-the-test", Cookie: "session=cookie-of-the-test" };
    const webhook = encodeURIComponent("http://127.0.0.1:9/hook?token=hook-token-of-the-test");
    const answer = await fetch(`${app.url}${path}?webhook=${webhook}`, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await answer.text();
    expect(answer.status, text).toBe(200);
    return finished.parse(JSON.parse(text));
  };

  const link = new URL((await run("/v1/jobs", drawn)).outputs[0]?.signed_url ?? "", app.url);
  const { id } = await run("/my/change", { image: link.href });
  const form = new FormData();
  form.append("file", new Blob([await (await fetch(link)).bytes()]), "name-of-the-upload.png");
  const { reference } = z.object({ reference: z.string() }).parse(await (await fetch(`${app.url}/v1/files`, { method: "POST", headers: { Authorization: `Bearer ${key}` }, body: form })).json());
  await run("/v1/jobs", { graph: { ...changed, "1": { class_type: "LoadImage", inputs: { image: reference } } } });

  const heard = line.heard();
  const linkSecret = (await readFile(join(dataDir, "link-secret"), "utf8")).trim();
  const secrets = {
    key,
    "hash of the key": hashKey(key).slice("sha256:".length),
    "name of the key": "alice-of-the-test",
    "webhook secret": webhookKey,
    "webhook's token": "hook-token-of-the-test",
    "link secret": linkSecret,
    "link's signature": link.searchParams.get("signature") ?? "",
    "idempotency key": "idempotency-of",
    "id of the request": "request-id-of-the-test",
    cookie: "cookie-of-the-test",
    "name of the upload": "name-of-the-upload",
  };
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length, name).toBeGreaterThan(8);
    for (const written of [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")]) expect(heard.includes(written), name).toBe(false);
  }

  // What it must have heard, or the line was deaf.
  expect(heard).toContain("POST /api/upload/image");
  expect(heard).toContain(id);
  const prompts = comfyui.accepted();
  expect(prompts).toHaveLength(3);
  const bodies = [...heard.matchAll(/POST \/api\/prompt HTTP\/1\.1\r\n.*?content-length: (\d+).*?\r\n\r\n/gis)].map(({ index, 0: head, 1: length }) => {
    const begin = index + head.length;
    return z.record(z.string(), z.unknown()).parse(JSON.parse(heard.slice(begin, begin + Number(length))));
  });
  // No extra_data: ComfyUI writes it into the files it makes.
  expect(bodies.map((each) => Object.keys(each))).toEqual(Array.from({ length: 3 }, () => ["prompt", "prompt_id", "client_id"]));
});
