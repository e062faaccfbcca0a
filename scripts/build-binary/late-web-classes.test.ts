import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lateWebClasses } from "./late-web-classes.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "late-web-classes-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** What a program prints that serves requests with Hono on Node's own server, and asks it. */
async function printed(program: string, plugins: readonly Plugin[]): Promise<unknown> {
  const outfile = join(dir, "program.cjs");
  await build({
    absWorkingDir: root,
    stdin: { contents: `${served}(async () => {\n${program}\n})().then((told) => console.log(JSON.stringify(told)), console.error).finally(() => server.close());`, resolveDir: root },
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    plugins: [...plugins],
    logLevel: "error",
  });
  await writeFile(join(dir, "package.json"), "{}");
  const { stdout, stderr } = await run(process.execPath, [outfile]);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

const served = `
  import { createAdaptorServer } from "@hono/node-server";
  import { Hono } from "hono";
  import { once } from "node:events";
  import { request } from "node:http";
  const isLoaded = () => process.moduleLoadList.includes("NativeModule internal/deps/undici/undici");
  const app = new Hono();
  const server = createAdaptorServer({ fetch: app.fetch });
  /** Without Node's own fetch. */
  async function ask(path, { method = "GET", headers = {}, body } = {}) {
    if (!server.listening) await once(server.listen(0, "127.0.0.1"), "listening");
    const question = request({ host: "127.0.0.1", port: server.address().port, path, method, headers, agent: false });
    question.end(body);
    const [answer] = await once(question, "response");
    const { date, ...rest } = answer.headers;
    return [answer.statusCode, rest, Buffer.concat(await answer.toArray()).toString()];
  }
`;

const ordinary = `
  app.get("/text", (c) => new Response(c.req.header("x-name"), { headers: { "Content-Length": "3" } }));
  app.post("/echo", async (c) => new Response(await c.req.text(), { status: 201, headers: { "X-Type": c.req.raw.headers.get("content-type") } }));
  app.get("/bytes", () => new Response(new Uint8Array([97, 98])));
  app.get("/stream", () => new Response(new ReadableStream({ start(controller) { controller.enqueue(Buffer.from("piece")); controller.close(); } }), { headers: { "X-Stream": "yes" } }));
  app.get("/fails", () => { throw new Error("on purpose"); });
  app.onError((error, c) => new Response(error.message, { status: 500 }));
  const before = isLoaded();
  const answers = [
    await ask("/text", { headers: { "x-name": "abc" } }),
    await ask("/echo", { method: "POST", headers: { "content-type": "text/plain" }, body: "sent" }),
    await ask("/bytes"), await ask("/stream"), await ask("/fails"),
  ];
`;

it("serves requests and never has Node's classes of the web loaded", async () => {
  const told = await printed(`${ordinary} return { before, after: isLoaded(), statuses: answers.map(([status]) => status) };`, [lateWebClasses()]);
  expect(told).toEqual({ before: false, after: false, statuses: [200, 201, 200, 200, 500] });
});

it("serves as the same program does with Node's own", async () => {
  const program = `${ordinary} return answers;`;
  expect(await printed(program, [lateWebClasses()])).toEqual(await printed(program, []));
});

/** What of those classes is used where a light one does not do. */
const everything = `
  const { inspect } = await import("node:util");
  const boundary = "b";
  const form = ["--b", 'Content-Disposition: form-data; name="a"', "", "1", "--b--", ""].join("\\r\\n");
  const told = [];
  app.post("/form", async (c) => {
    const form = await c.req.formData();
    return new Response(JSON.stringify([form instanceof FormData, [...form]]));
  });
  app.post("/clone", async (c) => {
    const copy = c.req.raw.clone();
    return Response.json([copy instanceof Request, await copy.text(), await c.req.raw.text(), copy.headers.get("x-name")], { headers: { "X-Made": "json" } });
  });
  app.get("/headers", (c) => {
    const { raw } = c.req;
    const copy = new Headers(raw.headers);
    copy.append("x-name", "more");
    const request = new Request(raw, { headers: copy });
    c.header("X-Set", "by Hono");
    return c.json([
      raw instanceof Request, raw.headers instanceof Headers, copy instanceof Headers, request instanceof Request, request.headers.get("x-name"),
      [...raw.headers.keys()].includes("x-name"), Object.prototype.toString.call(raw), Object.prototype.toString.call(raw.headers), inspect(raw.headers).includes("x-name"),
    ]);
  });
  app.get("/redirect", (c) => c.redirect("/text"));
  app.get("/answers", async (c) => {
    const light = new Response("light", { status: 202, headers: [["a", "1"], ["set-cookie", "x=1"]] });
    const fetched = await fetch("data:text/plain,fetched");
    const blob = await new Response("four").blob();
    return new Response(JSON.stringify([
      light instanceof Response, fetched instanceof Response, Response.error() instanceof Response, {} instanceof Response, Response.error().type,
      light.headers.getSetCookie(), light.ok, light.statusText, await light.clone().text(), await fetched.text(), blob.size, fetched.headers instanceof Headers,
      await new Response(new URLSearchParams({ a: "1" })).text(), Response.redirect("http://a.test/").headers.get("location"),
      new Response(await new Response("x").arrayBuffer(), light).status, inspect(light).startsWith("Response (lightweight)"), Response.name.replace("_", ""),
    ]));
  });
  class Own extends Response {}
  told.push(new Own("own") instanceof Own, new Own("own") instanceof Response, new Response("") instanceof Own, await new Own("own").text());
  const headers = { "x-name": "abc" };
  told.push(
    await ask("/form", { method: "POST", headers: { "content-type": "multipart/form-data; boundary=b" }, body: form }),
    await ask("/clone", { method: "POST", headers, body: "sent" }),
    await ask("/headers", { headers }), await ask("/redirect"), await ask("/answers"), await ask("/answers"), await ask("/answers", { method: "HEAD" }), await ask("/none"),
  );
  const sent = new FormData();
  sent.append("file", new Blob(["content"]), "a.txt");
  const got = await new Response(sent).formData();
  told.push(sent instanceof FormData, got instanceof FormData, await got.get("file").text(), "text" instanceof FormData);
  return told;
`;

it("is the same to whoever uses all of those classes", async () => {
  const late = await printed(everything, [lateWebClasses()]);
  expect(late).toEqual(await printed(everything, []));
  expect(late).toHaveLength(16);
});

it("leaves those of Node to what is not of the program, such as workflows", async () => {
  const told = await printed('const { runInThisContext } = await import("node:vm"); return [runInThisContext("new Response(null).constructor.toString().includes(`lightweight`)"), runInThisContext("Headers") === globalThis.Headers];', [lateWebClasses()]);
  expect(told).toEqual([false, true]);
});
