import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { webhookSecret } from "./config/value.ts";
import { loadWebhookSecret } from "./webhook-secret.ts";

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "webhook-secret-"));
});
afterEach(async () => rm(dataDir, { recursive: true, force: true }));

it("is the one that was set, and nothing is written then", async () => {
  const configured = `whsec_${Buffer.alloc(24).toString("base64")}`;
  expect(await loadWebhookSecret({ dataDir, configured })).toBe(configured);
  expect(await readdir(dataDir)).toEqual([]);
});

it("is made once, well formed, and kept for this user alone", async () => {
  const first = await loadWebhookSecret({ dataDir, configured: null });
  expect(webhookSecret.schema.parse(first)).toBe(first);
  expect(await loadWebhookSecret({ dataDir, configured: null })).toBe(first);
  expect(await readdir(dataDir)).toEqual(["webhook-secret"]);
  expect((await stat(join(dataDir, "webhook-secret"))).mode & 0o777).toBe(0o600);
});

it("makes the data directory when it is the first to need it, and differs from one to the other", async () => {
  const secrets = await Promise.all(["a", "b"].map((name) => loadWebhookSecret({ dataDir: join(dataDir, name, "below"), configured: null })));
  expect(new Set(secrets).size).toBe(2);
});

it("takes back what a copy opened to others", async () => {
  const first = await loadWebhookSecret({ dataDir, configured: null });
  await chmod(join(dataDir, "webhook-secret"), 0o644);
  expect(await loadWebhookSecret({ dataDir, configured: null })).toBe(first);
  expect((await stat(join(dataDir, "webhook-secret"))).mode & 0o777).toBe(0o600);
});

it("takes no notice of a draft that a crash left", async () => {
  await writeFile(join(dataDir, "webhook-secret.new"), "whsec_half");
  const secret = await loadWebhookSecret({ dataDir, configured: null });
  expect((await readFile(join(dataDir, "webhook-secret"), "utf8")).trim()).toBe(secret);
});

it.each(["", "whsec_", "hello", "whsec_c2hvcnQ="])("refuses a file that holds %j, and leaves it as it is", async (content) => {
  await writeFile(join(dataDir, "webhook-secret"), content);
  await expect(loadWebhookSecret({ dataDir, configured: null })).rejects.toMatchObject({ code: "storage_failed" });
  expect(await readFile(join(dataDir, "webhook-secret"), "utf8")).toBe(content);
});

it("is storage_failed where the data directory cannot be, and names no path", async () => {
  await writeFile(join(dataDir, "file"), "");
  const failed = loadWebhookSecret({ dataDir: join(dataDir, "file", "below"), configured: null });
  await expect(failed).rejects.toMatchObject({ code: "storage_failed", detail: expect.not.stringContaining(dataDir) });
});
