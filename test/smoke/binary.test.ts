import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { buildBinary } from "../../scripts/build-binary/build-binary.ts";
import { slowGraph, slowOutputs } from "../faults/graphs.ts";
import { completedOnce, Host } from "../faults/host.ts";
import { Executable } from "./executable.ts";

// Building takes some 10 s alone and far longer on a machine that runs the other tests at the same time.
const buildTimeoutMs = 300_000;
const testTimeoutMs = 60_000;

const job = z.object({
  status: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.array(z.object({ url: z.string(), content_type: z.string(), size: z.number() })),
});
const workflowList = z.object({
  workflows: z.array(z.object({ id: z.string() })),
  broken: z.array(z.object({ id: z.string(), file: z.string(), line: z.number().nullable() })),
});

/** Uses what plain stripping of types could not run, and nothing that needs a model. */
const ownWorkflow = `import { z } from "zod";

enum Side { Small = 64 }

const RequestSchema = z.object({ color: z.number().int().min(0).max(0xffffff).default(255) });

export default {
  RequestSchema,
  generateWorkflow: (input: z.infer<typeof RequestSchema>) => ({
    "1": { class_type: "EmptyImage", inputs: { width: Side.Small, height: Side.Small, batch_size: 1, color: input.color } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "plain" } },
  }),
  summary: "One colour",
  description: "A picture of one colour.",
  metadata: { requiredNodes: ["EmptyImage", "SaveImage"], requiredModels: [], modelSources: {} },
};
`;
const brokenWorkflow = "export default {\n  summary: \"Broken\",\n  description: ((,\n};\n";

function pictureSize(bytes: ArrayBuffer): { readonly width: number; readonly height: number } {
  const { width, height } = PNG.sync.read(Buffer.from(bytes));
  return { width, height };
}

describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("the executable, alone in a folder", () => {
  let host = "";
  let file = "";
  beforeAll(async () => {
    const built = await buildBinary({ root: resolve(".") });
    host = await mkdtemp(join(tmpdir(), "comfyui-api-host-"));
    file = join(host, "comfyui-api");
    await copyFile(built, file);
  }, buildTimeoutMs);
  afterAll(() => rm(host, { recursive: true, force: true }));

  const run = (...args: string[]): Executable => new Executable({ file, args, cwd: host });

  it("answers --version and --help and writes nothing to the folder", { timeout: testTimeoutMs }, async () => {
    const version = run("--version");
    expect(await version.end(), version.output).toBe(0);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+ \(commit unknown, Node\.js 24\.\d+\.\d+\)\n$/);
    const help = run("--help");
    expect(await help.end(), help.output).toBe(0);
    expect(help.stdout).toContain("Usage: comfyui-api");
    expect(await readdir(host)).toEqual(["comfyui-api"]);
  });

  it("says what is wrong with its use and ends with 2", { timeout: testTimeoutMs }, async () => {
    const wrong = run("serve", "--port", "3000abc");
    expect(await wrong.end()).toBe(2);
    expect(wrong.output).toContain("port (flag --port)");
  });

  it("killed mid-run completes its job once when it is started again", { timeout: testTimeoutMs }, async (context) => {
    const at = await Host.open(context, { command: [file] });
    await at.start({ killAt: "mid-run" });
    const order = { graph: slowGraph(), idempotencyKey: "order-1" };
    await at.client.trySubmit(order);
    await at.died();
    await at.start();
    const { id } = await at.client.submit(order);
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
  });

  it("starts, runs a job and hands out its picture without Node's own classes of the web, which take long to load", { timeout: testTimeoutMs }, async () => {
    const note = join(host, "note.cjs");
    await writeFile(note, 'process.on("exit", () => console.error(`undici: ${process.moduleLoadList.includes("NativeModule internal/deps/undici/undici")}`));');
    const args = ["serve", "--demo", "--port=0", `--data-dir=${join(host, "data-noted")}`];
    const noted = new Executable({ file, args, cwd: host, env: { NODE_OPTIONS: `--require=${note}` } });
    onTestFinished(async () => {
      await noted.end("SIGKILL");
      await rm(note);
      await rm(join(host, "data-noted"), { recursive: true });
    });
    const [, at = ""] = await noted.printed(/serves on (\S+)\n/);
    const answer = await fetch(`${at}/qwen/qwen_base_txt2img`, { method: "POST", body: '{"prompt":"test"}' });
    const { outputs } = job.parse(await answer.json());
    const asked = ["/ready", "/v1/status", "/docs", outputs[0]?.url ?? ""];
    expect(await Promise.all(asked.map(async (path) => (await fetch(new URL(path, at))).status))).toEqual([200, 200, 200, 200]);
    expect(await noted.end("SIGTERM"), noted.output).toBe(0);
    expect(noted.output).toMatch(/undici: false\n$/);
  });

  describe("in demo mode, with workflows beside it", () => {
    let gateway: Executable | undefined;
    let url = "";
    beforeAll(async () => {
      await mkdir(join(host, "workflows", "mine"), { recursive: true });
      await writeFile(join(host, "workflows", "mine", "one_color.ts"), ownWorkflow);
      await writeFile(join(host, "workflows", "mine", "broken.ts"), brokenWorkflow);
      gateway = run("serve", "--demo", "--port", "0");
      url = (await gateway.printed(/serves on (\S+)\n[\s\S]*Docs: /))[1] ?? "";
    }, testTimeoutMs);
    afterAll(() => gateway?.end("SIGKILL"));

    const post = (path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
      fetch(`${url}${path}`, { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded", ...headers } });

    it("says that it is the demo, and which workflow is broken in which line", () => {
      expect(gateway?.stdout).toContain("Demo mode: no ComfyUI is used");
      expect(gateway?.stdout).toMatch(/mine\/broken\.ts:3:\d+: /);
      expect(gateway?.stdout).toContain(`curl -X POST ${url}/qwen/qwen_base_txt2img -d '{"prompt":"test"}'`);
    });

    it("runs the built-in workflow and keeps its picture", { timeout: testTimeoutMs }, async () => {
      const answer = await post("/qwen/qwen_base_txt2img", '{"prompt":"test"}');
      expect(answer.status).toBe(200);
      const { status, inputs, outputs } = job.parse(await answer.json());
      expect(status).toBe("completed");
      const picture = await fetch(new URL(outputs[0]?.url ?? "", url));
      expect(picture.headers.get("content-type")).toBe("image/png");
      expect(pictureSize(await picture.arrayBuffer())).toEqual({ width: inputs["width"], height: inputs["height"] });
    });

    it("answers with the picture itself when that is accepted", { timeout: testTimeoutMs }, async () => {
      const answer = await post("/qwen/qwen_base_txt2img", '{"prompt":"test","width":512,"height":256}', { accept: "image/png" });
      expect(answer.status).toBe(200);
      expect(pictureSize(await answer.arrayBuffer())).toEqual({ width: 512, height: 256 });
    });

    it("runs a TypeScript workflow of the user's own", { timeout: testTimeoutMs }, async () => {
      const answer = await post("/mine/one_color", "{}", { accept: "image/png" });
      expect(answer.status).toBe(200);
      expect(pictureSize(await answer.arrayBuffer())).toEqual({ width: 64, height: 64 });
    });

    it("lists the broken workflow with file and line, and serves the others", { timeout: testTimeoutMs }, async () => {
      const list = workflowList.parse(await (await fetch(`${url}/v1/workflows`)).json());
      expect(list.broken).toEqual([{ id: "mine/broken", file: "mine/broken.ts", line: 3 }]);
      const served = list.workflows.map(({ id }) => id);
      expect(served).toEqual(expect.arrayContaining(["flux/flux_depth", "mine/one_color", "qwen/qwen_base_txt2img", "qwen/qwen_img_edit"]));
    });

    it("carries the API explorer inside", { timeout: testTimeoutMs }, async () => {
      for (const path of ["/docs", "/openapi.json", "/health", "/ready"]) {
        expect((await fetch(`${url}${path}`)).status, path).toBe(200);
      }
    });

    describe("the jobs command", () => {
      let id = "";
      const jobs = (...args: string[]): Executable => run("jobs", ...args, "--url", url);
      beforeAll(async () => {
        const answer = await post("/qwen/qwen_base_txt2img", '{"prompt":"watched"}', { prefer: "respond-async" });
        id = z.object({ id: z.string() }).parse(await answer.json()).id;
      }, testTimeoutMs);

      it("watches a job to its end, as JSON and as text", { timeout: testTimeoutMs }, async () => {
        const watching = jobs("watch", id, "--json");
        expect(await watching.end(), watching.output).toBe(0);
        const events = watching.stdout.trimEnd().split("\n").map((line) => z.object({ id: z.number(), type: z.string() }).parse(JSON.parse(line)));
        expect(events.map((event) => event.id)).toEqual(events.map((_, index) => index + 1));
        expect([events[0]?.type, events.at(-1)?.type]).toEqual(["queued", "completed"]);
        const text = jobs("watch", id);
        expect(await text.end(), text.output).toBe(0);
        expect(text.stdout).toContain(`${id}: completed 1 output\n`);
      });

      it("lists and shows it, and cannot cancel it any more", { timeout: testTimeoutMs }, async () => {
        const [list, show, cancel] = [jobs("list", "--status", "completed"), jobs("show", id), jobs("cancel", id)];
        expect(await Promise.all([list.end(), show.end(), cancel.end()])).toEqual([0, 0, 1]);
        expect(list.stdout).toMatch(new RegExp(`^${id}  qwen/qwen_base_txt2img +completed `, "m"));
        expect(show.stdout).toContain(`${url}/v1/jobs/${id}/outputs/0  image/png`);
        expect(cancel.stdout).toBe("");
        expect(cancel.output).toContain("finished");
      });

      it("ends quietly when nobody reads any more, and with 130 on Ctrl-C", { timeout: testTimeoutMs }, async () => {
        const { stdout, stderr } = await promisify(execFile)("sh", ["-c", '"$0" jobs watch "$1" --json --url "$2" | head -n 1', file, id, url]);
        expect([stdout.split("\n").length, stderr]).toEqual([2, ""]);
        const nobody = createServer();
        nobody.listen(0, "127.0.0.1");
        await once(nobody, "listening");
        onTestFinished(() => {
          nobody.close();
          nobody.closeAllConnections();
        });
        const address = nobody.address();
        const waiting = run("jobs", "show", id, "--url", `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
        await once(nobody, "request");
        expect(await waiting.end("SIGINT"), waiting.output).toBe(130);
        expect(waiting.output).toBe("");
      });
    });

    it("ends with 0 on SIGTERM", { timeout: testTimeoutMs }, async () => {
      expect(await gateway?.end("SIGTERM"), gateway?.output).toBe(0);
    });
  });
});
