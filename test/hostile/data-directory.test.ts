import { chmod, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { bundledProgram } from "../faults/bundle.ts";
import { Executable } from "../smoke/executable.ts";

const program = bundledProgram();
const key = "a-key-of-a-test-0123456789-0123456789";

/** Started by hand, by somebody whose files everybody may read and write. */
async function serve(dataDir: string): Promise<{ readonly gateway: Executable; readonly url: string }> {
  const args = ["-c", 'umask 0; exec "$0" "$@"', ...program.command(), "serve", "--demo", "--port=0", `--data-dir=${dataDir}`];
  const gateway = new Executable({ file: "/bin/sh", args, cwd: tmpdir(), env: { API_KEYS: key } });
  onTestFinished(async () => void (await gateway.end("SIGKILL")));
  return { gateway, url: (await gateway.printed(/serves on (\S+)\n/))[1] ?? "" };
}

/** Permissions of everything below a folder, by path. */
async function modesBelow(dir: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(dir, { recursive: true });
  return new Map(await Promise.all(entries.map(async (name) => [name, ((await stat(join(dir, name))).mode & 0o777).toString(8)] as const)));
}

async function outer(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "data-directory-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

it("is made for the gateway's user alone, with all that comes into it", { timeout: 60_000 }, async () => {
  const dataDir = join(await outer(), "data");
  const { gateway, url } = await serve(dataDir);
  const post = async (path: string, body: string | FormData): Promise<Response> => fetch(`${url}${path}`, { method: "POST", body, headers: { "X-API-Key": key, Accept: "image/png" } });
  const made = await post("/qwen/qwen_base_txt2img", '{"prompt":"kept"}');
  expect(made.status).toBe(200);
  const form = new FormData();
  form.set("image", await made.blob(), "picture.png");
  form.set("prompt", "blue");
  const edited = await post("/qwen/qwen_img_edit", form);
  expect([edited.status, (await edited.bytes()).length > 0]).toEqual([200, true]);

  const running = await modesBelow(dataDir);
  expect([...running.keys()]).toEqual(expect.arrayContaining(["jobs.db", "jobs.db-wal", "jobs.db-shm", "files", "link-secret", "webhook-secret"]));
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  gateway.send("SIGTERM");
  expect(await gateway.end()).toBe(0);
  for (const modes of [running, await modesBelow(dataDir)]) {
    expect([...modes].filter(([, mode]) => mode !== "600" && mode !== "700")).toEqual([]);
    expect(modes.size).toBeGreaterThan(6);
  }
});

it("keeps the mode that its operator gave it", { timeout: 60_000 }, async () => {
  const dataDir = join(await outer(), "data");
  await mkdir(dataDir);
  await chmod(dataDir, 0o750);
  await serve(dataDir);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o750);
  expect((await modesBelow(dataDir)).get("jobs.db")).toBe("600");
});
