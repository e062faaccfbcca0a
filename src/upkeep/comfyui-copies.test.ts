import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ComfyuiCopies } from "./comfyui-copies.ts";

const jobId = "0f8fad5b-d9cb-469f-a165-70867728950e";
let root: string;
let output: string;
let copies: ComfyuiCopies;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "comfyui-copies-"));
  output = join(root, "output");
  await mkdir(join(output, "comfyui-api", jobId, "sub"), { recursive: true });
  await writeFile(join(output, "comfyui-api", jobId, "sub", "a_00001_.png"), "");
  await mkdir(join(output, "comfyui-api", "another-job"));
  await writeFile(join(output, "theirs.png"), "");
  await writeFile(join(root, "outside.txt"), "");
  copies = new ComfyuiCopies(output);
});
afterEach(async () => rm(root, { recursive: true, force: true }));

async function everything(): Promise<readonly string[]> {
  return (await readdir(root, { recursive: true })).toSorted();
}

it("removes the folder of one job and nothing else", async () => {
  await copies.removeOf(jobId);
  expect(await everything()).toEqual(["output", "output/comfyui-api", "output/comfyui-api/another-job", "output/theirs.png", "outside.txt"]);
  await copies.removeOf(jobId);
});

it.each(["..", ".", "", "../..", "another-job/..", "/etc", "a\0b", `${jobId}/sub`, "..\\x"])("takes %j for no job of ours", async (id) => {
  const before = await everything();
  await copies.removeOf(id);
  expect(await everything()).toEqual(before);
});

it("follows no link out of our folder: neither in its place, nor for a job, nor in a job's folder", async () => {
  const elsewhere = join(root, "elsewhere");
  await mkdir(join(elsewhere, jobId), { recursive: true });
  await writeFile(join(elsewhere, jobId, "precious"), "");

  await symlink(elsewhere, join(output, "comfyui-api", jobId, "link"));
  await copies.removeOf(jobId);
  await symlink(join(elsewhere, jobId), join(output, "comfyui-api", jobId));
  await copies.removeOf(jobId);
  expect(await readdir(join(output, "comfyui-api"))).toEqual(["another-job"]);
  expect(await readdir(join(elsewhere, jobId))).toEqual(["precious"]);

  await rm(join(output, "comfyui-api"), { recursive: true });
  await symlink(elsewhere, join(output, "comfyui-api"));
  await copies.removeOf(jobId);
  expect(await readdir(join(elsewhere, jobId))).toEqual(["precious"]);
});

it("works where the output folder itself is a link, as it is on many machines", async () => {
  await symlink(output, join(root, "linked"));
  await new ComfyuiCopies(join(root, "linked")).removeOf(jobId);
  expect(await readdir(join(output, "comfyui-api"))).toEqual(["another-job"]);
});

it("is content with a ComfyUI that has run none of our jobs, and rejects when its folder is not there", async () => {
  await rm(join(output, "comfyui-api"), { recursive: true });
  await copies.removeOf(jobId);
  await expect(new ComfyuiCopies(join(root, "nowhere")).removeOf(jobId)).rejects.toMatchObject({ code: "ENOENT" });
});
