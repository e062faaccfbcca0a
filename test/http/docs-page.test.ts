import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openGateway, type Gateway } from "./gateway.ts";

let gateway: Gateway;

beforeAll(async () => {
  gateway = await openGateway();
});

afterAll(async () => {
  await gateway.close();
});

it("names no other host in the page, its start and its style", async () => {
  for (const path of ["/docs", "/docs/init.js", "/docs/page.css"]) {
    const { status, bytes } = await gateway.send("GET", path);
    expect(status).toBe(200);
    expect(bytes.toString()).not.toMatch(/https?:|\/\/[a-z]/i);
  }
});

it("lets a browser load from the gateway only", async () => {
  const policy = (await gateway.send("GET", "/docs")).headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/https?:|\*/);
});

it("links only to files that are there", async () => {
  const page = (await gateway.send("GET", "/docs")).bytes.toString();
  const links = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1] ?? "");
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) expect((await gateway.send("GET", link)).status, link).toBe(200);
});

it("sends its files packed to whoever takes gzip, and plain to others", async () => {
  const path = "/docs/swagger-ui-bundle.js";
  const plain = await gateway.send("GET", path);
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(plain.headers.get("content-type")).toMatch(/^text\/javascript/);
  const packed = await gateway.send("GET", path, { headers: { "Accept-Encoding": "br, gzip;q=0.8" } });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true);
  const refused = await gateway.send("GET", path, { headers: { "Accept-Encoding": "gzip;q=0" } });
  expect(refused.headers.get("content-encoding")).toBeNull();
});
