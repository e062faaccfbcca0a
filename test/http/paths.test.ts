import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createHttpApp } from "../../src/http/app.ts";
import type { Logger } from "../../src/telemetry/logger.ts";
import { openGateway, send, type Gateway } from "./gateway.ts";

let gateway: Gateway;

beforeAll(async () => {
  gateway = await openGateway();
});

afterAll(async () => {
  await gateway.close();
});

describe("a path", () => {
  it.each([
    ["GET", "/nothing", "route_not_found"],
    ["GET", "/v1/nothing", "route_not_found"],
    ["POST", "/v1/nothing/at/all", "route_not_found"],
    ["GET", "/docs/nothing.js", "route_not_found"],
    ["GET", "/test//picture", "route_not_found"],
    ["POST", "/test/nothing", "workflow_not_found"],
    ["PUT", "/test/nothing", "workflow_not_found"],
    ["GET", "/__proto__/constructor", "workflow_not_found"],
    ["GET", "/v1/workflows/test/nothing", "workflow_not_found"],
    ["GET", "/v1/jobs/nothing", "job_not_found"],
    ["GET", "/v1/jobs/..%2f..%2fetc", "job_not_found"],
  ])("%s %s is answered with 404 %s", async (method, path, code) => {
    const answer = await gateway.send(method, path);
    expect(answer.json).toMatchObject({ status: 404, code, type: `urn:comfyui-api:error:${code}` });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  it("of a workflow that does not load says where to see why", async () => {
    expect((await gateway.send("POST", "/test/broken")).json).toMatchObject({ code: "workflow_not_found", detail: expect.stringContaining("GET /v1/workflows") });
    expect((await gateway.send("GET", "/v1/workflows")).json).toMatchObject({ broken: [{ id: "test/broken", file: "test/broken.ts", line: 3, column: 7, message: "Unexpected token" }] });
  });

  it("of a workflow may have more than two segments", async () => {
    expect((await gateway.send("GET", "/test/deep/er/picture")).json).toMatchObject({ id: "test/deep/er/picture" });
    expect((await gateway.send("GET", "/v1/workflows/test/deep/er/picture")).json).toMatchObject({ urls: { graph: "/v1/workflows/test/deep/er/picture/graph" } });
    expect((await gateway.send("POST", "/v1/workflows/test/deep/er/picture/graph", { body: '{"prompt":"x"}' })).status).toBe(200);
    expect((await gateway.send("POST", "/test/deep/er/picture", { body: '{"prompt":"x"}' })).status).toBe(200);
  });

  it.each([
    ["PUT", "/test/picture", "GET, HEAD, POST"],
    ["DELETE", "/v1/jobs", "POST, GET, HEAD"],
    ["POST", "/health", "GET, HEAD"],
    ["POST", "/v1/workflows/test/picture", "GET, HEAD"],
    ["DELETE", "/v1/workflows/test/picture/graph", "POST"],
    ["POST", "/docs", "GET, HEAD"],
    ["PATCH", "/v1/files", "POST"],
  ])("%s %s is answered with 405 and Allow: %s", async (method, path, allow) => {
    const answer = await gateway.send(method, path);
    expect(answer.json).toMatchObject({ status: 405, code: "method_not_allowed" });
    expect(answer.headers.get("allow")).toBe(allow);
  });

  it.each(["/health", "/ready", "/v1/status", "/v1/jobs", "/v1/workflows", "/test/picture", "/docs", "/openapi.json"])("%s takes HEAD where it takes GET", async (path) => {
    const [head, get] = [await gateway.send("HEAD", path), await gateway.send("GET", path)];
    expect(head.status).toBe(200);
    expect(head.bytes).toHaveLength(0);
    for (const name of ["content-type", "content-length"]) expect(head.headers.get(name)).toBe(get.headers.get(name));
  });

  it("/ leads to the docs", async () => {
    const answer = await gateway.send("GET", "/");
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/docs"]);
  });
});

describe("every answer", () => {
  it.each(["/health", "/nothing", "/docs", "/test/picture", "/"])("at %s tells a browser not to guess, frame or tell others", async (path) => {
    const { headers } = await gateway.send("GET", path);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  it("carries a request id: the caller's if it is harmless", async () => {
    expect((await gateway.send("GET", "/health")).headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect((await gateway.send("GET", "/health", { headers: { "X-Request-Id": "abc-1" } })).headers.get("x-request-id")).toBe("abc-1");
    expect((await gateway.send("GET", "/health", { headers: { "X-Request-Id": "a b" } })).headers.get("x-request-id")).not.toBe("a b");
  });

  it("is logged in one line, with the private cause of an error and without the query", async () => {
    const lines: unknown[] = [];
    const note = (level: string) => (fields: object): void => {
      lines.push({ level, ...fields });
    };
    const logger: Logger = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
    const app = createHttpApp({ ...gateway.deps, logger, newId: () => "r1" });
    await send(app, "GET", "/health?token=secret");
    await send(app, "POST", "/test/crash", { body: "{}" });
    expect(lines).toEqual([
      { level: "info", request_id: "r1", method: "GET", path: "/health", status: 200, duration_ms: expect.any(Number) },
      {
        level: "error",
        request_id: "r1",
        method: "POST",
        path: "/test/crash",
        status: 500,
        duration_ms: expect.any(Number),
        code: "workflow_failed",
        detail: expect.any(String),
        err: expect.objectContaining({ message: "secret of the module" }),
      },
    ]);
  });
});

const pageSchema = z.looseObject({ next_cursor: z.string().nullable() });

describe("lists", () => {
  it("page through all jobs and outputs, newest first, each once", async () => {
    const listed = await openGateway();
    try {
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) {
        const { headers } = await listed.send("POST", "/test/picture", { body: `{"prompt":"${n}"}` });
        ids.unshift(headers.get("x-job-id") ?? "");
      }
      await listed.send("POST", "/v1/jobs", { body: '{"graph":{"1":{"class_type":"Draw","inputs":{"format":"none"}}}}' });
      const walk = async (path: string, key: string, member: string): Promise<unknown[]> => {
        const found: unknown[] = [];
        for (let cursor: string | null = ""; cursor !== null; ) {
          const { json } = await listed.send("GET", `${path}&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
          const page: z.infer<typeof pageSchema> = pageSchema.parse(json);
          found.push(...z.array(z.looseObject({})).parse(page[key]).map((item) => item[member]));
          cursor = page.next_cursor;
        }
        return found;
      };
      expect(await walk("/v1/jobs?workflow=test/picture", "jobs", "id")).toEqual(ids);
      expect(await walk("/v1/jobs?status=completed", "jobs", "id")).toHaveLength(6);
      expect(await walk("/v1/jobs?status=failed", "jobs", "id")).toEqual([]);
      expect(await walk("/v1/outputs?", "outputs", "job_id")).toEqual(ids);
      expect(await walk(`/v1/outputs?job_id=${ids[3]}`, "outputs", "job_id")).toEqual([ids[3]]);
    } finally {
      await listed.close();
    }
  });
});
