import { build } from "esbuild";
import { nameSourcesFromRoot } from "./source-map.ts";

export interface Bundle {
  readonly root: string;
  readonly outfile: string;
  /** What `--version` tells; absent for a build that is only tested. */
  readonly commit?: string | undefined;
}

/**
 * Writes the whole program as one CommonJS file: what a single executable application starts with. Its source map is
 * written to `<outfile>.map`.
 *
 * It stays unminified and keeps names, so that stack traces in a log can be read; the size is in Node itself, not here.
 */
export async function bundle({ root, outfile, commit }: Bundle): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ["src/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    keepNames: true,
    sourcemap: "external",
    // The names and lines of sources are what a stack trace needs; their text would treble the file.
    sourcesContent: false,
    // CommonJS has no import.meta: esbuild would leave it empty.
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { "import.meta.url": "importMetaUrl", COMFYUI_API_COMMIT: commit === undefined ? "undefined" : JSON.stringify(commit) },
    // Natively built extras that ws looks for and does without.
    external: ["bufferutil", "utf-8-validate"],
    logLevel: "warning",
  });
  await nameSourcesFromRoot(`${outfile}.map`, root);
}
