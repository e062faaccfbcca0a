import { stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { commitOf } from "./build-binary/commit.ts";
import { makeRelease } from "./release/make-release.ts";
import { publish } from "./release/publish.ts";

/** `scripts/build-and-release [--publish]` makes the folder release/, and a GitHub release of it when that is asked for. */
const { values } = parseArgs({ options: { publish: { type: "boolean", default: false }, folder: { type: "string", default: "release" }, level: { type: "string", default: "19" } } });
const root = resolve(import.meta.dirname, "..");
const release = await makeRelease({ root, folder: resolve(root, values.folder), commit: await commitOf(root), level: Number(values.level) });
for (const file of release.files) {
  const path = join(release.folder, file);
  console.log(`${relative(root, path)}: ${((await stat(path)).size / 1_000_000).toFixed(1)} MB`);
}
if (values.publish) console.log(await publish(root, release));
