import { build } from "esbuild";

/**
 * Writes the whole program as one CommonJS file: what a single executable application starts with.
 *
 * It stays unminified and keeps names, so that stack traces in a log can be read; the size is in Node itself, not here.
 */
export async function bundle(params: { readonly root: string; readonly outfile: string }): Promise<void> {
  await build({
    absWorkingDir: params.root,
    entryPoints: ["src/main.ts"],
    outfile: params.outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    keepNames: true,
    // CommonJS has no import.meta: esbuild would leave it empty.
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { "import.meta.url": "importMetaUrl" },
    // Natively built extras that ws looks for and does without.
    external: ["bufferutil", "utf-8-validate"],
    logLevel: "warning",
  });
}
