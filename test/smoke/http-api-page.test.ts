import { execFile } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorTable } from "../../src/errors/table.ts";
import { bundledProgram } from "../faults/bundle.ts";
import { Executable } from "./executable.ts";

const run = promisify(execFile);

/** One job after the other in demo mode, a second each. */
const timeoutMs = 120_000;

/** The code blocks of docs/http-api.md with this after their fence. */
async function blocks(language: string): Promise<readonly string[]> {
  const page = await readFile("docs/http-api.md", "utf8");
  return [...page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].filter(([, info]) => info === language).map(([, , code = ""]) => code);
}

async function has(...programs: readonly string[]): Promise<boolean> {
  const found = await Promise.allSettled(programs.map((program) => run(program, ["--version"])));
  return found.every(({ status }) => status === "fulfilled");
}

const canRun = await has("bash", "curl", "jq");
const hasPython = await has("python3");

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "comfyui-api-page-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe.skipIf(!canRun)("docs/http-api.md (needs bash, curl and jq)", () => {
  const program = bundledProgram();
  let gateway: Executable | undefined;
  afterAll(() => gateway?.end("SIGKILL"));

  it("has lines that work as typed, one after the other", { timeout: timeoutMs }, async () => {
    gateway = new Executable({ file: process.execPath, args: [program.path(), "serve", "--demo", "--port=0", `--data-dir=${join(dir, "data")}`], cwd: dir });
    const url = (await gateway.printed(/serves on (\S+)\n/))[1] ?? "";
    const script = (await blocks("sh")).join("");
    expect(script).toContain("curl");
    await writeFile(join(dir, "lines.sh"), `set -euo pipefail\n${script}`);
    const done = await run("bash", ["-x", "lines.sh"], { cwd: dir, env: { ...process.env, GATEWAY: url }, maxBuffer: 64 * 1024 * 1024 });
    // Not the text itself: it holds pictures, and a failure would print them.
    const seen = ['"status":"completed"', "idempotency-replayed: true", "idempotency_mismatch", "\nevent: completed\n"].map((part) => done.stdout.toLowerCase().includes(part));
    expect(seen).toEqual([true, true, true, true]);
  });
});

describe.skipIf(!canRun)("docs/http-api.md on API keys (needs bash, curl and jq)", () => {
  const program = bundledProgram();
  let gateway: Executable | undefined;
  afterAll(() => gateway?.end("SIGKILL"));

  it("has lines that work as typed, and is told why when they shall not", { timeout: timeoutMs }, async () => {
    const [node, script] = program.command();
    const shell = async (text: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
      const command = `comfyui-api() { "$NODE" "$PROGRAM" "$@"; }`;
      const { stdout } = await run("bash", ["-c", `set -euo pipefail\n${command}\n${text}`], { cwd: dir, env: { ...process.env, NODE: node, PROGRAM: script, ...env } });
      return stdout;
    };
    const made = await shell((await blocks("sh make-key")).join(""));
    expect(made.match(/cak_/g)).toHaveLength(2);
    expect(made).toContain("onlooker  read  ");

    gateway = new Executable({ file: node, args: [script, "serve", "--demo", "--port=0", "--api-keys-file=keys.yml", `--data-dir=${join(dir, "keyed")}`], cwd: dir });
    const url = (await gateway.printed(/serves on (\S+)\n/))[1] ?? "";
    const lines = await blocks("sh with-key");
    expect(lines).toHaveLength(2);
    const said = await shell(lines.join(""), { GATEWAY: url });
    expect(said.match(/"code":"(\w+)"/g)).toEqual(['"code":"unauthorized"', '"code":"unauthorized"', '"code":"link_not_valid"']);
    expect(said).toMatch(/qwen\/qwen_base_txt2img +completed/);
  });

  it("names only refusals that there are", async () => {
    const page = await readFile("docs/http-api.md", "utf8");
    const named = [...page.matchAll(/^\| `(4\d\d)` (.*?) \|/gm)].flatMap(([, status = "", codes = ""]) => [...codes.matchAll(/`(\w+)`/g)].map(([, code = ""]) => ({ code, status: Number(status) })));
    expect(named.length).toBeGreaterThan(8);
    for (const { code, status } of named) expect(errorTable).toMatchObject({ [code]: { status } });
  });
});

describe("the page's way to verify a webhook", () => {
  const key = randomBytes(32);
  const secret = `whsec_${key.toString("base64")}`;
  const body = '{"type":"job.completed","data":{"title":"Größe"}}';

  /** Headers as the specification has them, computed apart from our own code. */
  function headers(over: { readonly at?: number; readonly signed?: string } = {}): Readonly<Record<string, string>> {
    const timestamp = String(Math.floor((over.at ?? Date.now()) / 1000));
    const signature = createHmac("sha256", key).update(`msg_1.${timestamp}.${over.signed ?? body}`).digest("base64");
    return { "webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": `v1a,xyz v1,${signature}` };
  }

  const cases = [
    [headers(), true],
    [headers({ signed: `${body} ` }), false],
    [headers({ at: Date.now() - 3_600_000 }), false],
    [{ ...headers(), "webhook-signature": "v1,c2hvcnQ=" }, false],
    [{ ...headers(), "webhook-id": "msg_2" }, false],
  ] as const;

  it("in Node.js takes the genuine and nothing else", async () => {
    await writeFile(join(dir, "verify.mjs"), `${(await blocks("js verify")).join("")}
console.log(JSON.stringify(JSON.parse(process.argv[2]).map((headers) => isGenuine(process.argv[3], headers, process.argv[4]))));`);
    const { stdout } = await run(process.execPath, [join(dir, "verify.mjs"), JSON.stringify(cases.map(([each]) => each)), secret, body]);
    expect(JSON.parse(stdout)).toEqual(cases.map(([, genuine]) => genuine));
  });

  it.skipIf(!hasPython)("in Python takes the genuine and nothing else", async () => {
    await writeFile(join(dir, "verify.py"), `${(await blocks("python verify")).join("")}
import json, sys
print(json.dumps([is_genuine(sys.argv[2], headers, sys.argv[3].encode()) for headers in json.loads(sys.argv[1])]))`);
    const { stdout } = await run("python3", [join(dir, "verify.py"), JSON.stringify(cases.map(([each]) => each)), secret, body]);
    expect(JSON.parse(stdout)).toEqual(cases.map(([, genuine]) => genuine));
  });
});
