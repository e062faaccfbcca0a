/** Under which the executable carries its program: its text, and what V8 made of it. */
export const assetNames = { text: "program.cjs", compiled: "program.v8" } as const;

/** What stack traces call the program where there is no source map; there is no such file. */
export const programFile = "/comfyui-api/executable/server.cjs";

/** The text of a CommonJS module as that of a function. Its lines stay where they are. */
export function asFunction(module: string): string {
  return `(function (exports, require, module, __filename, __dirname) {${module}\n})`;
}
