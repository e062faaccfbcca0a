import { createRequire } from "node:module";
import type { Plugin } from "esbuild";

const require = createRequire(import.meta.url);

/**
 * Modules that a gateway mostly starts and runs without: HTTPS to a ComfyUI elsewhere, child processes, a configuration in a
 * file. Each takes milliseconds of every start. Libraries and ours name them at their top, as they should.
 */
const laterModules = ["https", "tls", "child_process", "yaml"];

const namespace = "later";

/** In place of the module: the same names, of which the first that is asked for loads it. */
function standIn(name: string, names: readonly string[]): string {
  return [
    `const load = () => require(${JSON.stringify(name)});`,
    ...names.map((each) => `Object.defineProperty(exports, ${JSON.stringify(each)}, { enumerable: true, get: () => load()[${JSON.stringify(each)}] });`),
  ].join("\n");
}

/** Has the {@link laterModules} loaded when something of them is used, not when the program starts. */
export function loadLater(): Plugin {
  return {
    name: "load later",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^(node:)?(${laterModules.join("|")})$`) }, ({ path, namespace: from }) =>
        from === namespace ? undefined : { path: path.replace(/^node:/, ""), namespace },
      );
      build.onLoad({ filter: /./, namespace }, ({ path }) => {
        const content: unknown = require(path);
        const names = content instanceof Object ? Object.keys(content) : [];
        return { contents: standIn(path, names), resolveDir: build.initialOptions.absWorkingDir ?? "." };
      });
    },
  };
}

/** The parts of libraries that nothing here ever reaches. */
const unreached: readonly { readonly filter: RegExp; readonly of: RegExp; readonly contents: string }[] = [
  // Ours is no HTTP/2 server: nothing is ever a request of one.
  { filter: /^node:http2$/, of: /@hono.node-server/, contents: "export class Http2ServerRequest {}\nexport const constants = {};" },
  // Loading it by its name reads every property of the global, the one that opens the standard input among them.
  { filter: /^process$/, of: /node_modules.prom-client/, contents: "module.exports = process;" },
  // Messages of zod in fifty languages: we speak English.
  { filter: /locales\/index\.js$/, of: /node_modules.zod/, contents: 'export { default as en } from "zod/v4/locales/en.js";' },
];

/** Leaves out what is never reached, and what that would load. */
export function leaveOut(): Plugin {
  return {
    name: "leave out",
    setup(build) {
      for (const [index, { filter, of }] of unreached.entries()) {
        build.onResolve({ filter }, ({ importer }) => (of.test(importer) ? { path: String(index), namespace: "left-out" } : undefined));
      }
      build.onLoad({ filter: /./, namespace: "left-out" }, ({ path }) => ({ contents: unreached[Number(path)]?.contents ?? "", resolveDir: build.initialOptions.absWorkingDir ?? "." }));
    },
  };
}
