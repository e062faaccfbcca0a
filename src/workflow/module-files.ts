import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Tried in this order where an import names no extension. */
const extensions = [".ts", ".js", ".mjs", ".cjs", ".json"];

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The file that `./x`, `../x.js` or `/x` means in `importer`, or null. `./x.js` also means `./x.ts`, as in TypeScript. */
export function findModuleFile(importer: string, specifier: string): string | null {
  const path = resolve(dirname(importer), specifier);
  const candidates = [
    path,
    ...(/\.m?js$/.test(path) ? [path.replace(/\.m?js$/, ".ts")] : []),
    ...extensions.map((extension) => path + extension),
    ...extensions.map((extension) => resolve(path, `index${extension}`)),
  ];
  return candidates.find(isFile) ?? null;
}
