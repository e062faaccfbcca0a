import { stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { commitOf } from "./build-binary/commit.ts";
import { makeRelease } from "./release/make-release.ts";
import { publish, releaseCommand } from "./release/publish.ts";

const help = `Usage: scripts/build-and-release [--folder=FOLDER] [--level=N] [--publish [--dry-run]]

Makes the folder of a release: the executable, its source map, a compressed copy, a bill of materials, the
licences of all that is inside, what the changelog says of this version, and checksums.

  --folder=FOLDER  where, made anew (release)
  --level=N        how hard zstd compresses, 1 to 19 (19, which takes a minute)
  --publish        make a GitHub release of it with gh, at the commit that was built
  --dry-run        with --publish: print what gh would be asked for
`;

const options = {
  folder: { type: "string", default: "release" },
  level: { type: "string", default: "19" },
  publish: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** null for a wrong use, which has been told. */
function readArguments(): ReturnType<typeof parseArgs<{ options: typeof options }>>["values"] | null {
  try {
    const { values } = parseArgs({ options });
    if (!/^(1?[1-9]|10)$/.test(values.level)) throw new Error("--level takes a number from 1 to 19");
    if (values["dry-run"] && !values.publish) throw new Error("--dry-run goes with --publish: without it nothing leaves this machine");
    return values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return null;
  }
}

function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

async function main(): Promise<number> {
  const values = readArguments();
  if (values === null) return 2;
  if (values.help) {
    console.log(help);
    return 0;
  }
  const root = resolve(import.meta.dirname, "..");
  const release = await makeRelease({ root, folder: resolve(values.folder), commit: await commitOf(root), level: Number(values.level) });
  for (const file of release.files) {
    const path = join(release.folder, file);
    console.log(`${relative(process.cwd(), path)}: ${((await stat(path)).size / 1_000_000).toFixed(1)} MB`);
  }
  if (values["dry-run"]) console.log(["gh", ...releaseCommand(release)].map(quoted).join(" "));
  else if (values.publish) console.log(await publish(root, release));
  return 0;
}

process.exitCode = await main();
