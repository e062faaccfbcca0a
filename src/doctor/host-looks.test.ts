import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { listenLocally } from "../../test/local-server.ts";
import { lastingPort } from "../../test/faults/port.ts";
import { hashKey } from "../access/key-text.ts";
import { loadConfig } from "../config/load-config.ts";
import type { ProgramEnd } from "../executable/run-program.ts";
import { lookAtClock } from "./clock-look.ts";
import { lookAtData } from "./data-look.ts";
import { lookAtGpu } from "./gpu-look.ts";
import { lookAtKeys } from "./keys-look.ts";
import { lookAtPort } from "./port-look.ts";

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "host-looks-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

const noProgram = (): Promise<ProgramEnd> => Promise.resolve({ code: 127, stdout: "", stderr: "" });
const saying = (stdout: string) => (): Promise<ProgramEnd> => Promise.resolve({ code: 0, stdout, stderr: "" });

describe("the data directory", () => {
  it("is well when it can be written, or made", async () => {
    const dir = await folder();
    expect((await lookAtData(dir)).map(({ status }) => status)).not.toContain("failure");
    expect((await lookAtData(join(dir, "not", "yet")))[0]).toMatchObject({ status: "ok", message: expect.stringContaining("can be made") });
  });

  it.skipIf(process.getuid?.() !== 0)("is a warning when root has left files there that are not its user's (needs root)", async () => {
    const dir = await folder();
    await writeFile(join(dir, "jobs.db"), "");
    await chown(dir, 65_532, 65_532);
    const ofOwners = async (): Promise<readonly object[]> => (await lookAtData(dir)).filter(({ message }) => message.includes("another user"));
    expect(await ofOwners()).toEqual([{ area: "data", status: "warning", message: "jobs.db in it belongs to another user than the folder itself", fix: `chown -R --reference=${dir} ${dir}` }]);
    await chown(join(dir, "jobs.db"), 65_532, 65_532);
    expect(await ofOwners()).toEqual([]);
  });

  it("is a warning when every user of the machine can read what is in it", async () => {
    const outer = await folder();
    const dir = join(outer, "data");
    await mkdir(join(dir, "files"), { recursive: true });
    await writeFile(join(dir, "jobs.db"), "");
    const ofReaders = async (): Promise<readonly object[]> => (await lookAtData(dir)).filter(({ message }) => message.includes("Every user"));
    const open = (names: string) => [{ area: "data", status: "warning", message: `Every user of this machine can read ${names} in it`, fix: `chmod -R o= ${dir}` }];
    const modes = async (...[above, own, db, files]: readonly [number, number, number, number]): Promise<readonly object[]> => {
      await Promise.all([chmod(outer, above), chmod(dir, own), chmod(join(dir, "jobs.db"), db), chmod(join(dir, "files"), files)]);
      return ofReaders();
    };
    expect(await modes(0o755, 0o755, 0o644, 0o755)).toEqual(open("files, jobs.db"));
    expect(await modes(0o755, 0o711, 0o600, 0o711)).toEqual(open("files"));
    // One closed door on the way is enough.
    expect(await modes(0o755, 0o755, 0o640, 0o750)).toEqual([]);
    expect(await modes(0o755, 0o750, 0o644, 0o755)).toEqual([]);
    expect(await modes(0o700, 0o755, 0o644, 0o755)).toEqual([]);
  });

  it("is a failure when it is a file, or below one", async () => {
    const file = join(await folder(), "file");
    await writeFile(file, "");
    expect((await lookAtData(file))[0]?.status).toBe("failure");
    expect((await lookAtData(join(file, "data")))[0]?.status).toBe("failure");
  });

  it("is a failure where nobody may write", async () => {
    expect((await lookAtData("/proc/self"))[0]).toMatchObject({ status: "failure", message: expect.stringContaining("cannot be written") });
  });
});

describe("the port", () => {
  async function serverThat(says: string): Promise<number> {
    const url = await listenLocally(createServer((_request, response) => response.end(says)));
    return Number(new URL(url).port);
  }

  it("is well when it is free, and is free again afterwards", async () => {
    const look = { host: "127.0.0.1", port: await lastingPort({ onTestFinished }) };
    expect([await lookAtPort(look), await lookAtPort(look)].map(({ status }) => status)).toEqual(["ok", "ok"]);
  });

  it("is well when a gateway has it, and a failure when another program does", async () => {
    expect(await lookAtPort({ host: "127.0.0.1", port: await serverThat('{"status":"ok"}') })).toMatchObject({ status: "ok", message: expect.stringContaining("serves on port") });
    expect(await lookAtPort({ host: "127.0.0.1", port: await serverThat("hello") })).toMatchObject({ status: "failure", message: expect.stringContaining("another program") });
  });

  it("is a failure on an address that is not this machine's", async () => {
    expect(await lookAtPort({ host: "192.0.2.1", port: 3000 })).toMatchObject({ status: "failure", fix: "Choose another with --host" });
  });
});

describe("the clock", () => {
  const now = Date.parse("2026-06-01T12:00:00Z");

  it.each([
    ["well when nothing speaks against it", now, null, noProgram, "ok"],
    ["well when it is kept right", now, now + 2_000, saying("yes\n"), "ok"],
    ["a warning when nothing keeps it right", now, now, saying("no\n"), "warning"],
    ["a warning when ComfyUI's host has another time", now, now - 90_000, saying("yes\n"), "warning"],
    ["a failure when it was never set", Date.parse("1970-01-02T00:00:00Z"), null, noProgram, "failure"],
  ] as const)("is %s", async (_name, time, toldAt, run, status) => {
    expect((await lookAtClock(time, toldAt, run)).status).toBe(status);
  });
});

describe("the keys", () => {
  const config = (...argv: readonly string[]) => loadConfig({ argv, env: {}, readFile: () => "" }).config;

  it("are not needed on loopback, and missed on a network", async () => {
    expect((await lookAtKeys(config()))[0]?.status).toBe("ok");
    expect((await lookAtKeys(config("--host=0.0.0.0", "--insecure")))[0]).toMatchObject({ status: "warning", fix: expect.stringContaining("keys create") });
  });

  it("are told by name, and a failure when they cannot be read", async () => {
    const file = join(await folder(), "keys.yml");
    const missing = await lookAtKeys(config(`--api-keys-file=${file}`));
    expect(missing[0]).toMatchObject({ status: "failure", message: expect.stringContaining(file) });
    await writeFile(file, `keys:\n  - name: alice\n    hash: ${hashKey("a-long-enough-key-for-alice-0123456789")}\n`);
    await chmod(file, 0o644);
    const found = await lookAtKeys(config(`--api-keys-file=${file}`));
    expect(found.map(({ status }) => status)).toEqual(["ok", "warning"]);
    expect(found[0]?.message).toBe("1 API key: alice");
    await chmod(file, 0o600);
    expect((await lookAtKeys(config(`--api-keys-file=${file}`))).map(({ status }) => status)).toEqual(["ok"]);
  });
});

describe("the GPU", () => {
  it("is a warning when ComfyUI computes on the CPU, and passed over when nobody tells", async () => {
    expect((await lookAtGpu([{ name: "cpu", type: "cpu", vramTotal: 1, vramFree: 1 }], noProgram))[0]?.status).toBe("warning");
    expect((await lookAtGpu([], noProgram))[0]?.status).toBe("skipped");
  });
});
