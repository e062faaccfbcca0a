import { build, type BuildOptions } from "esbuild";
import { lateWebClasses } from "./late-web-classes.ts";
import { leaveOut, loadLater } from "./load-later.ts";
import { nameSourcesFromRoot } from "./source-map.ts";

export interface Bundle {
  readonly root: string;
  readonly outfile: string;
  /** What `--version` tells; absent for a build that is only tested. */
  readonly commit?: string | undefined;
}

/**
 * How the whole program becomes one CommonJS file: what a single executable application starts with.
 *
 * It stays unminified, so that stack traces in a log can be read; the size is in Node itself, not here. Names are kept but
 * for those that two files share, of which one gets a number: keeping these too would cost at each making of a function.
 */
export function bundleOptions({ root, outfile, commit }: Bundle): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: ["src/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    sourcemap: "external",
    // The names and lines of sources are what a stack trace needs; their text would treble the file.
    sourcesContent: false,
    // CommonJS has no import.meta: esbuild would leave it empty.
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { "import.meta.url": "importMetaUrl", COMFYUI_API_COMMIT: commit === undefined ? "undefined" : JSON.stringify(commit) },
    // Natively built extras that ws looks for and does without.
    external: ["bufferutil", "utf-8-validate"],
    plugins: [loadLater(), leaveOut(), lateWebClasses()],
    logLevel: "warning",
  };
}

/** Writes that file, and its source map to `<outfile>.map`. */
export async function bundle(params: Bundle): Promise<void> {
  await build(bundleOptions(params));
  await nameSourcesFromRoot(`${params.outfile}.map`, params.root);
}

/** What the executable runs first, by itself: it finds the program and runs it. */
export async function bundleLoader({ root, outfile }: Omit<Bundle, "commit">): Promise<void> {
  await build({ ...bundleOptions({ root, outfile }), entryPoints: ["src/executable/load-program.ts"], banner: {}, plugins: [], sourcemap: false });
}
