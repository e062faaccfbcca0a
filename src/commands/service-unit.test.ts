import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { ProgramEnd } from "../executable/run-program.ts";
import { type CommandRun, runCommand } from "./jobs/stand-in-gateway.test-kit.ts";

const run = promisify(execFile);

async function has(program: string): Promise<boolean> {
  return (await Promise.allSettled([run(program, ["--version"])]))[0]?.status === "fulfilled";
}
const hasAnalyze = await has("systemd-analyze");

/** A host whose systemd is of this version, and the programs that were run on it. */
function hostOf(systemd: number | null, answers: Readonly<Record<string, ProgramEnd>> = {}): { readonly runProgram: (program: string, args: readonly string[]) => Promise<ProgramEnd>; readonly ran: readonly string[] } {
  const ran: string[] = [];
  const missing = { code: 127, stdout: "", stderr: "missing" };
  return {
    ran,
    runProgram: (program, args) => {
      const line = [program, ...args].join(" ");
      ran.push(line);
      const version = systemd === null ? missing : { code: 0, stdout: `systemd ${systemd} (${systemd}.1-1)\n+PAM\n`, stderr: "" };
      return Promise.resolve(answers[line] ?? (line.endsWith("--version") ? version : { code: 0, stdout: "", stderr: "" }));
    },
  };
}

async function unitOf(args: readonly string[], systemd = 252): Promise<string> {
  const ran = runCommand(["service", "install", "--dry-run", ...args], { runProgram: hostOf(systemd).runProgram });
  expect([await ran.code, ran.complained()]).toEqual([0, ""]);
  return ran.printed();
}

describe("service install --dry-run", () => {
  it("prints a hardened unit, and changes nothing", async () => {
    const unit = await unitOf([]);
    for (const line of [
      "Type=notify", "NotifyAccess=all", "User=comfyui-api", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "CapabilityBoundingSet=",
      "Restart=always", "RestartPreventExitStatus=2", "MemoryMax=4G", "LimitNOFILE=65536", "StateDirectory=comfyui-api", "WantedBy=multi-user.target",
      "LoadCredential=config.yml:/etc/comfyui-api/config.yml", "ExecStart=/usr/local/bin/comfyui-api serve --config ${CREDENTIALS_DIRECTORY}/config.yml",
    ]) expect(unit.split("\n")).toContain(line);
  });

  it.each([0, 30, 3600])("lets systemd wait longer than running jobs have: %d s", async (seconds) => {
    const unit = await unitOf([`--drain-seconds=${seconds}`]);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(seconds + 10);
  });

  it("asks an older systemd for nothing that it does not have", async () => {
    const [ubuntu20, debian11] = [await unitOf([], 245), await unitOf([], 246)];
    expect(ubuntu20).toMatch(/^Type=exec$/m);
    expect(ubuntu20).not.toContain("NotifyAccess");
    expect(ubuntu20).not.toContain("LoadCredential");
    expect(ubuntu20).toMatch(/^ExecStart=\/usr\/local\/bin\/comfyui-api serve --config \/etc\/comfyui-api\/config\.yml$/m);
    expect(debian11).toMatch(/^Type=notify$/m);
  });

  it("hands keys over as a credential", async () => {
    const unit = await unitOf(["--api-keys-file=/root/my keys.yml"]);
    expect(unit).toContain('\nLoadCredential="api-keys.yml:/root/my keys.yml"\n');
    expect(unit).toContain("--api-keys-file ${CREDENTIALS_DIRECTORY}/api-keys.yml\n");
  });

  it("opens the folders that the settings name, and no more", async () => {
    const unit = await unitOf(["--data-dir=/mnt/big disk/jobs", "--comfyui-output-dir=/home/ubuntu/ComfyUI/output", "--workflows-dir=/home/ubuntu/workflows", "--port=80"]);
    expect(unit).toContain('\nReadWritePaths="-/mnt/big disk/jobs"\n');
    expect(unit).toContain("\nProtectHome=tmpfs\nBindPaths=-/home/ubuntu/ComfyUI/output\nBindReadOnlyPaths=-/home/ubuntu/workflows\n");
    expect(unit).toContain("\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n");
  });

  it("refuses with 2 what the service would not start with, whatever the environment of this shell says", async () => {
    const ran = runCommand(["service", "install", "--dry-run", "--port=none", "--bogus"], { runProgram: hostOf(252).runProgram });
    expect(await ran.code).toBe(2);
    const wrong = runCommand(["service", "install", "--dry-run", "--port=none"], { runProgram: hostOf(252).runProgram, env: { PORT: "80" } });
    expect([await wrong.code, wrong.printed()]).toEqual([2, ""]);
    expect(wrong.complained()).toContain("port (");
    expect(await unitOf([])).not.toContain("CAP_NET_BIND_SERVICE");
  });

  it.each(["--user=Robert;DROP", "--root=relative", "--data-dir=/mnt/50%", "--data-dir=/a\nExecStartPre=/bin/rm"])("refuses %j", async (flag) => {
    const ran = runCommand(["service", "install", "--dry-run", flag], { runProgram: hostOf(252).runProgram });
    expect(await ran.code).not.toBe(0);
    expect(ran.printed()).toBe("");
  });

  it.skipIf(!hasAnalyze).each([[[]], [["--port=80", "--comfyui-output-dir=/home/u/output", "--data-dir=/mnt/jobs"]]])("gives a unit that systemd-analyze verifies, with an exposure below 3 (%j; needs systemd)", async (args) => {
    const dir = await mkdtemp(join(tmpdir(), "service-unit-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    const unit = join(dir, "comfyui-api.service");
    // An executable that is there: systemd-analyze looks.
    await writeFile(unit, (await unitOf(args)).replace("ExecStart=/usr/local/bin/comfyui-api", "ExecStart=/bin/true"));
    expect(await run("systemd-analyze", ["verify", "--man=no", unit])).toEqual({ stdout: "", stderr: "" });
    const { stdout } = await run("systemd-analyze", ["security", "--offline=true", "--no-pager", unit]);
    const exposure = Number(/Overall exposure level for comfyui-api\.service: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure).toBeGreaterThan(0);
    expect(exposure).toBeLessThan(3);
  });
});

describe("service install into the root of an image", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "service-root-"));
    onTestFinished(() => rm(root, { recursive: true }));
    await writeFile(join(root, "built"), "the executable");
    await writeFile(join(root, "built.map"), "its map");
  });

  const install = (...args: readonly string[]): CommandRun => runCommand(["service", "install", `--root=${root}`, ...args], { executable: join(root, "built"), runProgram: hostOf(null).runProgram });
  const config = (): Promise<string> => readFile(join(root, "etc/comfyui-api/config.yml"), "utf8");

  it("writes the executable, its map, the unit, the user and the settings, which only root may read", async () => {
    const ran = install("--comfyui-url=http://127.0.0.1:9000", "--webhook-secret=whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3");
    expect([await ran.code, ran.complained()]).toEqual([0, ""]);
    expect(await readFile(join(root, "usr/local/bin/comfyui-api"), "utf8")).toBe("the executable");
    expect(await readFile(join(root, "usr/local/bin/comfyui-api.map"), "utf8")).toBe("its map");
    const modes = await Promise.all(["usr/local/bin/comfyui-api", "etc/systemd/system/comfyui-api.service", "etc/sysusers.d/comfyui-api.conf", "etc/comfyui-api/config.yml"].map(async (path) => (await stat(join(root, path))).mode & 0o777));
    expect(modes).toEqual([0o755, 0o644, 0o644, 0o600]);
    expect(await config()).toContain("comfyui_url: http://127.0.0.1:9000\nwebhook_secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\ndata_dir: /var/lib/comfyui-api\n");
    expect(ran.printed()).not.toContain("whsec_");
    expect(await readdir(join(root, "etc/comfyui-api"))).toEqual(["config.yml", "workflows"]);
  });

  it("keeps settings and comments of before, and changes what is named now", async () => {
    await mkdir(join(root, "etc/comfyui-api"), { recursive: true });
    await writeFile(join(root, "etc/comfyui-api/config.yml"), "# Mine.\nport: 4000 # as agreed\nmax_queued: 5\ndata_dir: /mnt/jobs\nworkflows_dir: /mnt/workflows\n");
    expect(await install("--port=5000", "--retention=3d").code).toBe(0);
    expect(await config()).toBe("# Mine.\nport: 5000 # as agreed\nmax_queued: 5\ndata_dir: /mnt/jobs\nworkflows_dir: /mnt/workflows\nretention: 3d\n");
    const before = await config();
    expect(await install().code).toBe(0);
    expect(await config()).toBe(before);
  });

  it("writes paths so that they mean the same to the service", async () => {
    expect(await install("--data-dir=jobs").code).toBe(0);
    expect(await config()).toContain(`data_dir: ${join(process.cwd(), "jobs")}\n`);
  });

  it("is undone by uninstall, which keeps settings and jobs unless told otherwise", async () => {
    expect(await install().code).toBe(0);
    await mkdir(join(root, "var/lib/comfyui-api"), { recursive: true });
    expect(await runCommand(["service", "uninstall", `--root=${root}`]).code).toBe(0);
    expect([await readdir(join(root, "usr/local/bin")), await readdir(join(root, "etc/systemd/system")), await readdir(join(root, "etc/sysusers.d"))]).toEqual([[], [], []]);
    expect(await readdir(join(root, "etc/comfyui-api"))).toEqual(["config.yml", "workflows"]);
    const dry = runCommand(["service", "uninstall", "--purge", "--dry-run", `--root=${root}`]);
    expect([await dry.code, dry.printed()]).toEqual([0, `would remove ${root}/etc/comfyui-api\nwould remove ${root}/var/lib/comfyui-api\n`]);
    expect(await runCommand(["service", "uninstall", "--purge", `--root=${root}`]).code).toBe(0);
    expect(await readdir(join(root, "var/lib"))).toEqual([]);
  });
});

describe("service", () => {
  it("refuses to install without root, without systemd, and from its sources", async () => {
    const cases = [
      { runProgram: hostOf(252).runProgram, executable: "/x", isRoot: false, reason: "for root" },
      { runProgram: hostOf(null).runProgram, executable: "/x", isRoot: true, reason: "not run by systemd" },
      { runProgram: hostOf(252, { "systemctl is-system-running": { code: 1, stdout: "offline\n", stderr: "" } }).runProgram, executable: "/x", isRoot: true, reason: "not run by systemd" },
      { runProgram: hostOf(252).runProgram, executable: null, isRoot: true, reason: "npm run build-binary" },
    ];
    for (const { reason, ...over } of cases) {
      const ran = runCommand(["service", "install"], over);
      expect([await ran.code, ran.printed()]).toEqual([1, ""]);
      expect(ran.complained()).toContain(reason);
    }
  });

  it("tells the state of the service in words and as JSON, with 0 only when it runs", async () => {
    const query = "systemctl show comfyui-api --property=ActiveState,SubState,Result,UnitFileState,MainPID,NRestarts,ActiveEnterTimestamp,MemoryCurrent,ExecMainStatus";
    const active = "ActiveState=active\nSubState=running\nResult=success\nUnitFileState=enabled\nMainPID=52\nNRestarts=1\nActiveEnterTimestamp=Thu 2026-01-01 00:00:00 UTC\nMemoryCurrent=120000000\nExecMainStatus=0\n";
    const { runProgram } = hostOf(252, { [query]: { code: 0, stdout: active, stderr: "" } });
    const ran = runCommand(["service", "status"], { runProgram });
    expect(await ran.code).toBe(0);
    expect(ran.printed()).toContain("state     active (running)\nsince     Thu 2026-01-01 00:00:00 UTC\nat boot   starts\nprocess   52\nmemory    120 MB\nrestarts  1\n");
    const json = runCommand(["service", "status", "--json"], { runProgram });
    expect([await json.code, JSON.parse(json.printed())]).toMatchObject([0, { ActiveState: "active", NRestarts: "1" }]);
    const dead = hostOf(252, { [query]: { code: 0, stdout: active.replace("=active", "=failed"), stderr: "" } });
    expect(await runCommand(["service", "status", "--json"], { runProgram: dead.runProgram }).code).toBe(1);
  });

  it.each([[[], "Say what to do"], [["instal"], "Did you mean `service install`?"], [["status", "now"], "unexpected argument"], [["uninstall", "--port=1"], "unknown flag"]])("refuses %j with 2", async (args, text) => {
    const ran = runCommand(["service", ...args]);
    expect(await ran.code).toBe(2);
    expect(ran.complained()).toContain(text);
  });
});
