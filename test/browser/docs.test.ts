import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { listen, type ListeningServer } from "../../src/http/listen.ts";
import { openGateway, type Gateway } from "../http/gateway.ts";
import { pngBytes } from "../http/test-runner.ts";

const executablePath = "/usr/bin/chromium";

const pathsSchema = z.record(z.string(), z.record(z.string(), z.unknown()));
const documentSchema = z.looseObject({ paths: pathsSchema, webhooks: pathsSchema });

/** Nothing of the browser itself may ask the network for anything: a request that is seen is then the page's. */
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

describe.skipIf(!existsSync(executablePath))("the docs page in a browser (skipped where there is no /usr/bin/chromium)", () => {
  const requests: string[] = [];
  const complaints: string[] = [];
  let gateway: Gateway;
  let server: ListeningServer;
  let profile: string;
  let browser: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    gateway = await openGateway();
    server = await listen(gateway.app, { host: "127.0.0.1", port: 0 });
    profile = await mkdtemp(join(tmpdir(), "comfyui-api-browser-"));
    browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: quiet });
    page = browser.pages()[0] ?? (await browser.newPage());
    browser.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${server.url}/docs`);
    await page.getByText("/test/picture", { exact: true }).first().waitFor();
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await server.close();
    await gateway.close();
    await rm(profile, { recursive: true, force: true });
  });

  it("shows each operation and each webhook of the document", async () => {
    const { paths, webhooks } = documentSchema.parse(await (await fetch(`${server.url}/openapi.json`)).json());
    expect(await page.locator(".opblock").count()).toBe([...Object.values(paths), ...Object.values(webhooks)].flatMap((methods) => Object.keys(methods)).length);
  });

  it("executes GET /health from “Try it out”", async () => {
    const operation = page.locator("#operations-gateway-health");
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table .response").first();
    await answer.waitFor();
    expect(await answer.locator(".response-col_status").innerText()).toMatch(/^200/);
    expect(await answer.innerText()).toContain('"status": "ok"');
  }, 30_000);

  it("runs a workflow and shows its job", async () => {
    const operation = page.locator("#operations-test-run_test_picture");
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table .response").first();
    await answer.waitFor();
    expect(await answer.locator(".response-col_status").innerText()).toMatch(/^200/);
    expect(await answer.innerText()).toContain('"status": "completed"');
  }, 30_000);

  it("sends a chosen file as a part of a form", async () => {
    const operation = page.locator("#operations-test-run_test_edit");
    await operation.locator(".opblock-summary-control").click();
    await operation.getByLabel("Request content type").selectOption("multipart/form-data");
    await operation.locator('input[type="file"]').first().setInputFiles({ name: "photo.png", mimeType: "image/png", buffer: pngBytes() });
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table .response").first();
    await answer.waitFor();
    expect(await answer.innerText()).toMatch(/^200[^]*"status": "completed"[^]*"image": "file:[0-9a-f]{64}"/);
  }, 30_000);

  it("asks no other host for anything, and has nothing to complain about", () => {
    expect(requests.length).toBeGreaterThan(5);
    expect(requests.filter((url) => !url.startsWith(`${server.url}/`) && !url.startsWith("data:") && !url.startsWith("blob:"))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
