import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Plugin, transform } from "esbuild";
import { webClasses } from "../../src/executable/web-classes.ts";

/** What src/executable/web-classes.ts calls all of them. */
const holder = "webClasses";

/**
 * Has the program mean the classes of src/executable/web-classes.ts where it names those of the web, so that Node's are loaded
 * when they are used. The HTTP server names them at its top, and puts its own in the place of the global ones: it is given the
 * holder of ours for the global object. Node's stay as they are, for workflows and for ours to load: once overwritten, they
 * could not be had any more.
 */
export function lateWebClasses(): Plugin {
  return {
    name: "late web classes",
    setup(build) {
      const options = build.initialOptions;
      options.inject = [...(options.inject ?? []), join(import.meta.dirname, "../../src/executable/web-classes.ts")];
      options.define = { ...options.define, ...Object.fromEntries(Object.keys(webClasses).map((name) => [name, `${holder}.${name}`])) };
      build.onLoad({ filter: /@hono.node-server.dist.index\.mjs$/ }, async ({ path }) => {
        const define = { global: holder, globalThis: holder };
        const { code } = await transform(await readFile(path, "utf8"), { define, sourcemap: "inline", sourcefile: basename(path) });
        return { contents: code };
      });
    },
  };
}
