import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { committedFiles } from "./generate/committed-files.ts";
import { docsAssets } from "./generate/docs-assets.ts";
import { isUpToDate, writeIfChanged } from "./generate/text-file.ts";
import { workflowIndex } from "./generate/workflow-index.ts";

/**
 * `npm run generate` writes what is made from code. With `--check`, files that are kept in git are only compared, and
 * a stale one fails; the git-ignored ones below src/generated are written in any case, for nothing runs without them.
 */
const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const root = fileURLToPath(new URL("..", import.meta.url));

for (const file of [workflowIndex(root), docsAssets()]) await writeIfChanged(root, file);

for (const file of committedFiles) {
  if (values.check) {
    if (await isUpToDate(root, file)) continue;
    process.stderr.write(`${file.path} is not up to date: run npm run generate and commit it\n`);
    process.exitCode = 1;
  } else if (await writeIfChanged(root, file)) {
    process.stdout.write(`wrote ${file.path}\n`);
  }
}
