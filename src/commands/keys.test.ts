import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startDemoApp } from "../../test/telemetry/demo-app.ts";
import { KeyRing } from "../access/key-ring.ts";
import { readKeysFile } from "../access/keys-text.ts";
import { exampleId, runCommand } from "./jobs/stand-in-gateway.test-kit.ts";

const limits = { requestsPerMinute: 100, maxRunning: 3, maxQueued: 1000 };

let dir = "";
let file = "";

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "comfyui-api-keys-"));
  file = join(dir, "keys.yml");
});

afterEach(() => rm(dir, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly printed: string;
  readonly complained: string;
}

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const started = runCommand(argv, { env });
  const code = await started.code;
  return { code, printed: started.printed(), complained: started.complained() };
}

function keyIn({ printed }: Ran): string {
  const [key = ""] = /cak_[\w-]{43}/.exec(printed) ?? [];
  return key;
}

describe("keys create", () => {
  it("makes keys that a gateway knows by the file, each with its scopes", async (test) => {
    const runner = keyIn(await run(["keys", "create", "ci", "--api-keys-file", file]));
    const reader = keyIn(await run(["keys", "create", "eyes", "--scopes=read"], { API_KEYS_FILE: file }));
    const app = await startDemoApp(test, { config: { apiKeysFile: file } });
    const jobs = async (key: string, ...argv: readonly string[]): Promise<Ran> => run(["jobs", ...argv, "--url", app.url], key === "" ? {} : { COMFYUI_API_KEY: key });
    expect(await jobs(runner, "list")).toMatchObject({ code: 0, printed: "No jobs.\n" });
    expect(await jobs(runner, "cancel", exampleId)).toMatchObject({ code: 1, complained: expect.stringContaining("There is no job with this id.") });
    expect(await jobs(reader, "list")).toMatchObject({ code: 0 });
    expect(await jobs(reader, "cancel", exampleId)).toMatchObject({ code: 1, complained: expect.stringContaining("lacks the scope run. COMFYUI_API_KEY or --api-key") });
    expect(await jobs("", "list")).toMatchObject({ code: 1, complained: expect.stringContaining("needs an API key") });
    expect(await jobs(`${runner}x`, "list")).toMatchObject({ code: 1, complained: expect.stringContaining("not known here") });
  });

  it("makes a file that its owner alone can read, and in which no key stands", async () => {
    const made = await run(["keys", "create", "ci", "--api-keys-file", file]);
    expect(made).toMatchObject({ code: 0, printed: expect.stringContaining(`Its entry is in ${file}.`) });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).not.toContain(keyIn(made));
    expect(keyIn(made)).not.toBe("");
  });

  it("adds to a file, and leaves all else of it as it is", async () => {
    const before = "# ours\nkeys:\n  - name: old # from before\n    hash: sha256:" + "0".repeat(64);
    await writeFile(file, before);
    await chmod(file, 0o640);
    const key = keyIn(await run(["keys", "create", "new", "--api-keys-file", file]));
    const text = await readFile(file, "utf8");
    expect(text.startsWith(`${before}\n`)).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect(new KeyRing(readKeysFile(text, limits)).find(key)).toMatchObject({ name: "new", scopes: new Set(["run", "read"]) });
  });

  it.each([
    ["that has the name", `keys:\n  - name: ci\n    hash: sha256:${"0".repeat(64)}\n`, "There is an API key called ci."],
    ["whose list is written another way", "keys: []\n", "cannot be added to at its end"],
    ["that is broken", "keys:\n  - name: a\n    hash: plain\n", "`comfyui-api keys list` says where"],
  ])("adds nothing to a file %s, and prints no key", async (_which, before, reason) => {
    await writeFile(file, before);
    expect(await run(["keys", "create", "ci", "--api-keys-file", file])).toMatchObject({ code: 1, printed: "", complained: expect.stringContaining(reason) });
    expect(await readFile(file, "utf8")).toBe(before);
  });

  it("says when the file cannot be written", async () => {
    expect(await run(["keys", "create", "ci", "--api-keys-file", join(dir, "none", "keys.yml")])).toMatchObject({ code: 1, printed: "", complained: expect.stringContaining("cannot be written") });
  });

  it("prints the entry where no file is named", async () => {
    const made = await run(["keys", "create", "ci", "--scopes", "read,admin"]);
    const [, entry = ""] = made.printed.split("under `keys:`:\n\n");
    expect(new KeyRing(readKeysFile(`keys:\n${entry}`, limits)).find(keyIn(made))).toMatchObject({ name: "ci", scopes: new Set(["read", "admin"]) });
  });

  it.each([[[]], [["a", "b"]], [["-"]], [["a b"]], [["x".repeat(65)]], [["a", "--scopes=root"]], [["a", "--bogus"]]])("refuses %j with 2", async (argv) => {
    expect(await run(["keys", "create", ...argv, "--api-keys-file", file])).toMatchObject({ code: 2, printed: "" });
    await expect(stat(file)).rejects.toThrow("ENOENT");
  });
});

describe("keys list", () => {
  it("shows names, scopes and limits of all keys, and nothing of the keys themselves", async () => {
    const key = keyIn(await run(["keys", "create", "ci", "--scopes=read", "--api-keys-file", file]));
    const { hash = "" } = readKeysFile(await readFile(file, "utf8"), limits)[0] ?? {};
    const listed = await run(["keys", "list", "--api-keys-file", file, "--key-max-running=7"], { API_KEYS: "ops:of-the-environment:admin" });
    expect(listed).toMatchObject({ code: 0, printed: expect.stringContaining("ci  read  100 requests/min, 7 running") });
    expect(listed.printed).toContain("ops  admin");
    for (const secret of [key, hash, hash.slice("sha256:".length), "of-the-environment"]) expect(listed.printed + listed.complained).not.toContain(secret);
  });

  it("says what is wrong with the keys, without repeating one", async () => {
    expect(await run(["keys", "list"], { API_KEYS: "ops:short" })).toEqual({ code: 1, printed: "", complained: expect.not.stringContaining("short,") });
    await writeFile(file, "keys:\n  - name: a\n    key: secret-secret-secret\n");
    const listed = await run(["keys", "list", "--api-keys-file", file]);
    expect(listed).toMatchObject({ code: 1, printed: "", complained: expect.stringContaining("keys.0") });
    expect(listed.complained).not.toContain("secret");
  });

  it("says when there are none", async () => {
    expect(await run(["keys", "list"])).toMatchObject({ code: 0, printed: expect.stringContaining("There are no API keys") });
  });
});

it("keys says what it can do", async () => {
  expect(await run(["keys"])).toMatchObject({ code: 2, complained: expect.stringContaining("keys create NAME") });
});
