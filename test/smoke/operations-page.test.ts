import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { flagOf, settingList } from "../../src/config/settings.ts";
import { errorTable } from "../../src/errors/table.ts";
import { bundledProgram } from "../faults/bundle.ts";
import { Executable } from "./executable.ts";

const run = promisify(execFile);
const timeoutMs = 60_000;
const page = await readFile("docs/operations.md", "utf8");

function blocks(info: string): readonly string[] {
  return [...page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].filter(([, found]) => found === info).map(([, , code = ""]) => code);
}

const hasSqlite = (await Promise.allSettled([run("sqlite3", ["--version"])]))[0]?.status === "fulfilled";

describe("docs/operations.md", () => {
  const program = bundledProgram();
  let dir = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "operations-page-"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  const start = (...args: readonly string[]): Executable => {
    const [file, script] = program.command();
    const started = new Executable({ file, args: [script, ...args], cwd: dir });
    onTestFinished(async () => void (await started.end("SIGKILL")));
    return started;
  };
  const serve = async (data: string): Promise<{ readonly url: string; readonly gateway: Executable }> => {
    const gateway = start("serve", "--demo", "--port=0", `--data-dir=${join(dir, data)}`);
    return { gateway, url: (await gateway.printed(/serves on (\S+)\n/))[1] ?? "" };
  };

  it.skipIf(!hasSqlite)("has a way to back up a gateway that runs, which brings back jobs and outputs (needs sqlite3)", { timeout: timeoutMs }, async () => {
    const { url } = await serve("data");
    const done = z
      .object({ id: z.string(), outputs: z.array(z.object({ url: z.string() })).min(1) })
      .parse(await (await fetch(`${url}/qwen/qwen_base_txt2img`, { method: "POST", body: '{"prompt":"kept"}' })).json());
    const picture = await (await fetch(new URL(done.outputs[0]?.url ?? "", url))).bytes();
    const [lines = ""] = blocks("sh backup");
    expect(lines).toContain("VACUUM INTO");
    const env = { ...process.env, DATA: join(dir, "data"), BACKUP: join(dir, "backup") };
    // Twice, for the second finds what the first has left.
    for (let time = 0; time < 2; time += 1) await run("sh", ["-ec", lines], { env });

    const restored = await serve("backup");
    const job = z.object({ status: z.string() }).parse(await (await fetch(`${restored.url}/v1/jobs/${done.id}`)).json());
    expect(job.status).toBe("completed");
    const again = await (await fetch(new URL(done.outputs[0]?.url ?? "", restored.url))).bytes();
    expect(Buffer.compare(again, picture)).toBe(0);
  });

  it("names only commands that there are, with flags that they take", { timeout: timeoutMs }, async () => {
    const used = [...page.matchAll(/comfyui-api ((?:serve|service|doctor|health|keys|jobs|workflows|convert|generate|config|version)\b[^`\n#|,;]*)/g)].map(([, text = ""]) => text.trim());
    expect(used.length).toBeGreaterThan(10);
    const known = new Set(settingList.map(({ name }) => flagOf(name)));
    const helps = new Map<string, string>();
    for (const command of new Set(used.map((text) => text.split(/\s+/)[0] ?? ""))) {
      const help = start("help", command);
      expect(await help.end(), help.output).toBe(0);
      helps.set(command, help.stdout);
    }
    const unknown: string[] = [];
    for (const text of used) {
      const [command = "", ...words] = text.split(/\s+/);
      const flags = words.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0] ?? "");
      unknown.push(...flags.filter((flag) => !(known.has(flag) || helps.get(command)?.includes(flag))).map((flag) => `${command} ${flag}`));
    }
    expect(unknown).toEqual([]);
  });

  it("names only settings, errors and metrics that there are", async () => {
    const metrics = await readFile("docs/observability.md", "utf8");
    const missing = [...page.matchAll(/`(comfyui_[a-z_]+|process_[a-z_]+)`/g)].map(([, name = ""]) => name).filter((name) => !(name in errorTable) && !metrics.includes(name) && !metrics.includes(`${name.split("_")[0]}_*`));
    expect(missing).toEqual([]);
    const names = settingList.map(({ name }) => name);
    const settingLike = [...page.matchAll(/`((?:drain|max|run|retention|fetch|api|comfyui_output)[a-z_]*)`/g)].map(([, name = ""]) => name).filter((name) => !name.startsWith("comfyui_") || name.includes("dir"));
    expect(settingLike.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("leads only to pages that there are", async () => {
    for (const [, file = ""] of page.matchAll(/\]\(([\w-]+\.md)\)/g)) await expect(readFile(join("docs", file), "utf8"), file).resolves.not.toBe("");
  });
});
