import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { z } from "zod";
import { buildBinary } from "../build-binary/build-binary.ts";
import { changelogExcerpt } from "./changelog-excerpt.ts";
import { componentsOf } from "./components.ts";
import { checkLicences, licenceText } from "./licence-list.ts";
import { sbomText } from "./sbom.ts";

export interface MakeRelease {
  /** Folder of package.json. */
  readonly root: string;
  /** Made anew: what an earlier release has left there goes. */
  readonly folder: string;
  readonly commit: string | undefined;
  /** Of zstd, 1 to 19. */
  readonly level: number;
}

export interface Release {
  readonly version: string;
  readonly commit: string | undefined;
  readonly folder: string;
  /** Names of the files in it, in the order of SHA256SUMS, and that one last. */
  readonly files: readonly string[];
}

const names = { executable: "comfyui-api", map: "comfyui-api.map", compressed: "comfyui-api.zst", sbom: "sbom.cdx.json", licences: "THIRD-PARTY-LICENSES.txt", notes: "RELEASE-NOTES.md", sums: "SHA256SUMS" } as const;

/** What goes along unchanged, so that the folder is one that `docker compose up` works in. */
const copied = ["Dockerfile.binary", "Dockerfile.binary.dockerignore", "compose.yaml"] as const;

/**
 * Builds the executable and lays all of a release into one folder. The same sources, lockfile and commit give the same
 * bytes in every file.
 */
export async function makeRelease({ root, folder, commit, level }: MakeRelease): Promise<Release> {
  const { version } = z.object({ version: z.string().regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/) }).parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  // What can refuse comes before what takes long.
  const notes = changelogExcerpt(await readFile(join(root, "CHANGELOG.md"), "utf8"), version);
  const components = await componentsOf(root);
  checkLicences(components);
  await checkFolder(folder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });

  const executable = await buildBinary({ root, commit, outfile: join(folder, names.executable) });
  await compress(executable, join(folder, names.compressed), level);
  await writeFile(join(folder, names.sbom), sbomText({ version, commit, components, sha256: await digest(executable) }));
  await writeFile(join(folder, names.licences), await licenceText(root, components));
  await writeFile(join(folder, names.notes), notes);
  for (const file of copied) await copyFile(join(root, file), join(folder, file));

  const files = [names.executable, names.map, names.compressed, names.sbom, names.licences, names.notes, ...copied];
  const sums = await Promise.all(files.map(async (file) => `${await digest(join(folder, file))}  ${file}\n`));
  await writeFile(join(folder, names.sums), sums.join(""));
  return { version, commit, folder, files: [...files, names.sums] };
}

/** The folder is removed before it is made: a slip of the hand must not take somebody's files along. */
async function checkFolder(folder: string): Promise<void> {
  const known: ReadonlySet<string> = new Set([...Object.values(names), ...copied]);
  const there = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  const foreign = there.find((name) => !known.has(name));
  if (foreign !== undefined) throw new Error(`${folder} holds ${foreign}, which is of no release: name a folder of its own with --folder`);
}

async function compress(from: string, to: string, level: number): Promise<void> {
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    // Of the content, so that a damaged download does not go unseen.
    [constants.ZSTD_c_checksumFlag]: 1,
    [constants.ZSTD_c_contentSizeFlag]: 1,
  };
  await pipeline(createReadStream(from), createZstdCompress({ params, pledgedSrcSize: (await stat(from)).size }), createWriteStream(to));
}

async function digest(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
