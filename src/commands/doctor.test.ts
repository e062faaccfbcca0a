import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { startDemoComfyui } from "../demo/demo-comfyui.ts";
import { scriptedComfyui } from "../doctor/scripted-comfyui.test-kit.ts";
import type { ProgramEnd } from "../executable/run-program.ts";
import { builtinWorkflows } from "../generated/workflows.ts";
import { systemClock } from "../telemetry/clock.ts";
import { type CommandRun, runCommand } from "./jobs/stand-in-gateway.test-kit.ts";

const findingSchema = z.object({ area: z.string(), subject: z.string().optional(), status: z.string(), message: z.string(), fix: z.string().optional(), url: z.string().optional() });
const reportSchema = z.object({ ok: z.boolean(), findings: z.array(findingSchema) });

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "doctor-"));
  onTestFinished(() => rm(dir, { recursive: true }));
});

const nvidiaSmi: ProgramEnd = { code: 0, stdout: "0, NVIDIA GeForce RTX 4090, 12, 1024, 24564\n", stderr: "" };

function doctor(args: readonly string[], programs: Readonly<Record<string, ProgramEnd>> = { "nvidia-smi": nvidiaSmi }): CommandRun {
  return runCommand(["doctor", "--port=0", `--data-dir=${dir}`, ...args], {
    builtinWorkflows,
    clock: systemClock,
    runProgram: (program) => Promise.resolve(programs[program] ?? { code: 127, stdout: "", stderr: "" }),
  });
}

async function report(...params: Parameters<typeof doctor>): Promise<{ readonly code: number; readonly findings: readonly z.infer<typeof findingSchema>[] }> {
  const ran = doctor(["--json", ...params[0]], params[1]);
  const code = await ran.code;
  expect(ran.complained()).toBe("");
  const { ok, findings } = reportSchema.parse(JSON.parse(ran.printed()));
  expect(ok).toBe(code === 0);
  return { code, findings };
}

async function demoUrl(): Promise<string> {
  const comfyui = await startDemoComfyui();
  onTestFinished(() => comfyui.stop());
  return comfyui.url;
}

describe("doctor beside a ComfyUI that has everything", () => {
  it("finds nothing wrong, ends with 0, and leaves nothing behind", async () => {
    const { code, findings } = await report([`--comfyui-url=${await demoUrl()}`]);
    expect(findings.filter(({ status }) => status === "failure" || status === "skipped")).toEqual([]);
    expect(code).toBe(0);
    expect(findings.filter(({ area }) => area === "workflow").map(({ subject, status }) => [subject, status])).toEqual([["flux/flux_depth", "ok"], ["qwen/qwen_base_txt2img", "ok"], ["qwen/qwen_img_edit", "ok"]]);
    expect(findings.find(({ area }) => area === "gpu")?.message).toBe("GPU 0: NVIDIA GeForce RTX 4090, 1.0 of 24.0 GiB used, 12 % busy");
    expect(await readdir(dir)).toEqual([]);
  });

  it("tells it in a table for people", async () => {
    const ran = doctor([`--comfyui-url=${await demoUrl()}`]);
    expect(await ran.code).toBe(0);
    expect(ran.printed()).toMatch(/^comfyui-api 1\.2\.3 .*\n\nok {7}comfyui {3}ComfyUI 0\.3\.64, Python 3\.12\.0 answers at http:/);
    expect(ran.printed()).toMatch(/^ok {7}workflow {2}qwen\/qwen_base_txt2img: can run: 9 node classes and 3 model files are there$/m);
    expect(ran.printed()).toMatch(/\nNothing is wrong\.\n$/);
  });
});

/** The catalog of the stand-in, for tests to take something from. */
async function catalogOfDemo(): Promise<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(await (await fetch(`${await demoUrl()}/api/object_info`)).json());
}

const stats = { body: { system: { comfyui_version: "0.3.64" }, devices: [{ name: "cuda:0 NVIDIA A10 : cudaMallocAsync", type: "cuda", vram_total: 24e9, vram_free: 20e9 }] } };

describe("doctor beside a ComfyUI that lacks something", () => {
  const without = async (change: (catalog: Record<string, unknown>) => unknown, more: Parameters<typeof scriptedComfyui>[0] = {}): Promise<string> =>
    scriptedComfyui({ "/api/system_stats": stats, "/api/object_info": { body: change(await catalogOfDemo()) }, ...more });
  const text2image = ({ subject }: { readonly subject?: string | undefined }): boolean => subject === "qwen/qwen_base_txt2img";

  it("names a missing node class and the pack that has it, as the Manager on the host knows", async () => {
    const url = await without(({ ModelSamplingAuraFlow: _gone, ...rest }) => rest, {
      "/api/customnode/getmappings?mode=local": { body: { "https://github.com/someone/ComfyUI-Aura": [["ModelSamplingAuraFlow", "Other"], {}], "aura-pack": [["ModelSamplingAuraFlow"], {}] } },
    });
    const { code, findings } = await report([`--comfyui-url=${url}`]);
    expect(code).toBe(1);
    expect(findings.filter(text2image)).toEqual([
      {
        area: "workflow",
        subject: "qwen/qwen_base_txt2img",
        status: "failure",
        message: "ComfyUI has no node class ModelSamplingAuraFlow",
        fix: "Install the pack https://github.com/someone/ComfyUI-Aura with ComfyUI-Manager and restart ComfyUI (others have a class of this name too: aura-pack)",
        url: "https://github.com/someone/ComfyUI-Aura",
      },
    ]);
  });

  it("says how the pack would be found where there is no Manager", async () => {
    const { findings } = await report([`--comfyui-url=${await without(({ VAEDecode: _gone, ...rest }) => rest)}`]);
    expect(findings.find(text2image)).toMatchObject({ status: "failure", message: "ComfyUI has no node class VAEDecode", fix: expect.stringContaining("ComfyUI-Manager") });
  });

  it("names a missing model file, where to download it and where to put it", async () => {
    const url = await without((catalog) => JSON.parse(JSON.stringify(catalog).replaceAll('"qwen_image_vae.safetensors"', '"another.safetensors"')));
    const { findings } = await report([`--comfyui-url=${url}`]);
    expect(findings.filter(text2image)).toEqual([
      expect.objectContaining({
        status: "failure",
        message: "the model file qwen_image_vae.safetensors is not there",
        fix: "Download it into ComfyUI's models/vae",
        url: "https://huggingface.co/Comfy-Org/Qwen-Image_ComfyUI/resolve/main/split_files/vae/qwen_image_vae.safetensors",
      }),
    ]);
  });

  it("finds a model file that lies in another folder", async () => {
    const url = await without((catalog) => JSON.parse(JSON.stringify(catalog).replaceAll('"qwen_image_vae.safetensors"', '"qwen/qwen_image_vae.safetensors"')));
    const { findings } = await report([`--comfyui-url=${url}`]);
    expect(findings.find(text2image)?.fix).toBe("It lies there as qwen/qwen_image_vae.safetensors: move it, or let the workflow name it so");
  });

  it("names an option that this ComfyUI does not have, and the one that is nearest", async () => {
    const url = await without((catalog) => JSON.parse(JSON.stringify(catalog).replaceAll('"euler"', '"eulers"')));
    const { findings } = await report([`--comfyui-url=${url}`]);
    expect(findings.filter(text2image)).toEqual([expect.objectContaining({ message: "node 3, KSampler.sampler_name has no option euler here", fix: "Did it mean eulers? Otherwise update ComfyUI or the pack" })]);
  });

  it("looks at the GPU through ComfyUI where there is no nvidia-smi, and says when nvidia-smi fails", async () => {
    const url = await without((catalog) => catalog);
    const told = (await report([`--comfyui-url=${url}`], {})).findings.find(({ area }) => area === "gpu");
    expect(told).toMatchObject({ status: "ok", message: "GPU 0: NVIDIA A10, 3.7 of 22.4 GiB used" });
    const broken = (await report([`--comfyui-url=${url}`], { "nvidia-smi": { code: 9, stdout: "NVIDIA-SMI has failed because it could not communicate\nmore\n", stderr: "" } })).findings;
    expect(broken.find(({ area }) => area === "gpu")).toMatchObject({ status: "warning", message: "nvidia-smi fails: NVIDIA-SMI has failed because it could not communicate" });
  });

  it("takes a terminal's control characters out of what strangers have named", async () => {
    const url = await without(({ VAEDecode: _gone, ...rest }) => rest, { "/api/customnode/getmappings?mode=local": { body: { "pack\u001b[2J": [["VAEDecode"], {}] } } });
    const ran = doctor([`--comfyui-url=${url}`]);
    expect(await ran.code).toBe(1);
    expect(ran.printed()).toContain("Install the pack pack [2J with");
    expect(ran.printed()).not.toContain("\u001b");
  });
});

describe("doctor beside no ComfyUI, or something else", () => {
  it("says so, without the password of its address, and passes over what cannot be compared", async () => {
    const { code, findings } = await report(["--comfyui-url=http://me:hunter2@127.0.0.1:9"]);
    expect(code).toBe(1);
    expect(findings[0]).toMatchObject({ area: "comfyui", status: "failure", message: expect.stringContaining("http://***@127.0.0.1:9") });
    expect(JSON.stringify(findings)).not.toContain("hunter2");
    expect(findings.filter(({ area }) => area === "workflow").every(({ status }) => status === "skipped")).toBe(true);
  });

  it.each([
    ["nothing there", {}, "answered 404: this does not look like a ComfyUI server"],
    ["a page", { "/api/system_stats": { body: "<html>" } }, "answered something that is not ComfyUI's"],
    ["a catalog of nothing", { "/api/system_stats": stats, "/api/object_info": { body: {} } }, "holds no node class"],
    ["a broken catalog", { "/api/system_stats": stats, "/api/object_info": { status: 500, body: "500 Internal Server Error" } }, "answered 500"],
  ])("is not misled by %s", async (_name, answers, text) => {
    const { code, findings } = await report([`--comfyui-url=${await scriptedComfyui(answers)}`]);
    expect(code).toBe(1);
    expect(findings.filter(({ area, status }) => area === "comfyui" && status === "failure").map(({ message }) => message).join()).toContain(text);
  });

  it("does not look for a ComfyUI in demo mode", async () => {
    const { code, findings } = await report(["--demo"], {});
    expect([code, findings[0]?.status]).toEqual([0, "skipped"]);
    const reasons = findings.filter(({ area }) => area === "workflow").map(({ status, message }) => [status, message]);
    expect(new Set(reasons.map(([, message]) => message))).toEqual(new Set(["what it needs was not compared with the host: demo mode uses no ComfyUI"]));
    expect(findings.filter(({ message }) => message.includes("ComfyUI does not tell"))).toEqual([]);
  });

  it("reports a workflow that does not load, with file and line", async () => {
    await mkdir(join(dir, "my"));
    await writeFile(join(dir, "my", "bad.ts"), "export default {\n  summary: ((,\n};\n");
    const { code, findings } = await report(["--demo", `--workflows-dir=${dir}`]);
    expect(code).toBe(1);
    expect(findings.find(({ area, status }) => area === "workflow" && status === "failure")?.message).toMatch(/^my\/bad\.ts:2:/);
  });

  it("names the folder of workflows that is not there", async () => {
    const folder = join(dir, "nowhere");
    const { code, findings } = await report(["--demo", `--workflows-dir=${folder}`]);
    expect(code).toBe(1);
    const failure = findings.find(({ area, status }) => area === "workflow" && status === "failure");
    expect(failure).toMatchObject({ message: `Your own workflows in ${folder} are not served: The folder does not exist`, fix: expect.stringContaining("--workflows-dir") });
    expect(failure).not.toHaveProperty("subject");
  });

  it("refuses a wrong configuration with 2", async () => {
    expect(await runCommand(["doctor", "--prot=1"]).code).toBe(2);
  });
});
