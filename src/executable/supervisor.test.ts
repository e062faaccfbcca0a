import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { supervisorOf } from "./supervisor.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "supervisor-"));
  onTestFinished(() => rm(dir, { recursive: true }));
});

/** A systemd-notify that notes what it was asked to tell, and to whom. */
async function notifier(status: number): Promise<Readonly<Record<string, string>>> {
  await writeFile(join(dir, "systemd-notify"), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> "${dir}/told"\nexit ${status}\n`);
  await chmod(join(dir, "systemd-notify"), 0o755);
  return { PATH: `${dir}:/usr/bin:/bin`, NOTIFY_SOCKET: "/run/systemd/notify" };
}

it("tells systemd that the gateway is ready, and that it stops", async () => {
  const supervisor = supervisorOf(await notifier(0));
  await supervisor.ready();
  await supervisor.stopping();
  expect(await readFile(join(dir, "told"), "utf8")).toBe("/run/systemd/notify READY=1\n/run/systemd/notify STOPPING=1\n");
});

it.each([undefined, ""])("tells nobody where nobody asked (%j)", async (socket) => {
  const supervisor = supervisorOf({ ...(await notifier(0)), NOTIFY_SOCKET: socket });
  await supervisor.ready();
  await expect(readFile(join(dir, "told"), "utf8")).rejects.toThrow("ENOENT");
});

it("says when systemd could not be told", async () => {
  await expect(supervisorOf(await notifier(1)).ready()).rejects.toThrow("systemd-notify");
  await expect(supervisorOf({ PATH: "/nowhere", NOTIFY_SOCKET: "/run/systemd/notify" }).ready()).rejects.toThrow("ENOENT");
});
