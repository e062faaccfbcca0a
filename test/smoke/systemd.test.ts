import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { buildBinary } from "../../scripts/build-binary/build-binary.ts";
import { lastingPort } from "../faults/port.ts";
import { SystemdHost, whyNoSystemd } from "./systemd-host.ts";

const buildTimeoutMs = 300_000;
const testTimeoutMs = 90_000;
const noSystemd = await whyNoSystemd();

/** One machine, from nothing to an installed service and back: each test goes on where the one before has ended. */
describe.skipIf(noSystemd !== null)(`the service on a machine that systemd runs${noSystemd === null ? "" : ` (skipped: ${noSystemd})`}`, () => {
  let host: SystemdHost;
  const toUndo: (() => Promise<void>)[] = [];
  let port = 0;
  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), "comfyui-api-service-"));
    toUndo.push(() => rm(dir, { recursive: true, force: true }));
    host = await SystemdHost.boot(await buildBinary({ root: resolve("."), outfile: join(dir, "comfyui-api") }));
    toUndo.unshift(() => host.remove());
    port = await lastingPort({ onTestFinished: (leave) => toUndo.push(leave) });
  }, buildTimeoutMs);
  afterAll(async () => {
    for (const undo of toUndo) await undo();
  });

  const service = (...args: readonly string[]) => host.run("/opt/comfyui-api", "service", ...args);
  const gateway = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init);

  it("is installed by one command, tells systemd when it is ready, and serves", { timeout: testTimeoutMs }, async () => {
    const installed = await service("install", "--demo", `--port=${port}`, "--drain-seconds=5");
    expect(installed, await host.log().catch(() => "")).toMatchObject({ code: 0 });
    expect([await host.show("ActiveState"), await host.show("Type"), await host.show("UnitFileState")]).toEqual(["active", "notify", "enabled"]);
    const answer = await gateway("/qwen/qwen_base_txt2img", { method: "POST", body: '{"prompt":"systemd"}' });
    expect(z.object({ status: z.string() }).parse(await answer.json())).toEqual({ status: "completed" });
    expect((await stat(join(host.root, "etc/comfyui-api/config.yml"))).mode & 0o777).toBe(0o600);
  });

  it("runs as its own user, with no privileges and a filter on system calls", { timeout: testTimeoutMs }, async () => {
    const status = (await host.run("cat", `/proc/${await host.show("MainPID")}/status`)).output;
    expect(status).toMatch(/^CapBnd:\t0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect(status).not.toMatch(/^Uid:\t0/m);
  });

  it("says how it does", { timeout: testTimeoutMs }, async () => {
    const { code, output } = await service("status");
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/^state +active \(running\)$/m);
    expect(output).toMatch(/^at boot +starts$/m);
  });

  it("is started again when it dies, with its jobs", { timeout: testTimeoutMs }, async () => {
    const before = await host.show("MainPID");
    // 0 would be every process of this test.
    expect(Number(before)).toBeGreaterThan(1);
    await host.run("kill", "-KILL", before);
    await vi.waitFor(async () => expect((await gateway("/v1/jobs")).status).toBe(200), { timeout: 30_000, interval: 100 });
    expect(await host.show("MainPID")).not.toBe(before);
    const jobs = z.object({ jobs: z.array(z.object({ status: z.string() })) }).parse(await (await gateway("/v1/jobs")).json());
    expect(jobs.jobs).toEqual([{ status: "completed" }]);
  });

  it("is upgraded by the same command, which keeps the settings and loses no job", { timeout: testTimeoutMs }, async () => {
    const accepted = await gateway("/qwen/qwen_base_txt2img", { method: "POST", body: '{"prompt":"over the upgrade","steps":100}', headers: { prefer: "respond-async" } });
    const { id } = z.object({ id: z.string() }).parse(await accepted.json());
    expect(await service("install")).toMatchObject({ code: 0 });
    await vi.waitFor(async () => {
      const job = z.object({ status: z.string() }).parse(await (await gateway(`/v1/jobs/${id}`)).json());
      expect(job.status).toBe("completed");
    }, { timeout: 60_000, interval: 100 });
    expect(await readFile(join(host.root, "etc/comfyui-api/config.yml"), "utf8")).toMatch(/drain_seconds: 5/);
  });

  it("is not started again and again with a wrong configuration, and says so", { timeout: testTimeoutMs }, async () => {
    const config = join(host.root, "etc/comfyui-api/config.yml");
    const text = await readFile(config, "utf8");
    await writeFile(config, text.replace(/^port: \d+$/m, "port: none"));
    expect((await host.run("systemctl", "restart", "comfyui-api")).code).not.toBe(0);
    await vi.waitFor(async () => expect(await host.show("ActiveState")).toBe("failed"), { timeout: 30_000, interval: 100 });
    expect([await host.show("ExecMainStatus"), await host.show("NRestarts")]).toEqual(["2", "0"]);
    const { code, output } = await service("status");
    expect(code).toBe(1);
    expect(output).toMatch(/^last end +a wrong configuration/m);
    expect(await service("install")).toMatchObject({ code: 2 });
    await writeFile(config, text);
    expect(await service("install")).toMatchObject({ code: 0 });
  });

  it("is taken away, and leaves settings and jobs unless they are to go as well", { timeout: testTimeoutMs }, async () => {
    expect(await service("uninstall")).toMatchObject({ code: 0 });
    expect(await host.show("ActiveState")).toBe("inactive");
    expect(await host.log()).toMatch(/Stopped\.\n$/);
    expect((await host.run("ls", "/usr/local/bin", "/etc/systemd/system/multi-user.target.wants")).output).not.toContain("comfyui-api");
    expect((await host.run("ls", "/etc/comfyui-api/config.yml", "/var/lib/comfyui-api/jobs.db")).code).toBe(0);
    expect(await service("uninstall", "--purge")).toMatchObject({ code: 0 });
    expect((await host.run("ls", "/etc/comfyui-api")).code).not.toBe(0);
    expect((await host.run("ls", "/var/lib/comfyui-api")).code).not.toBe(0);
  });
});
