import { createRequire } from "node:module";
import { dirname } from "node:path";
import { getRawAsset } from "node:sea";
import { Script } from "node:vm";
import { assetNames, programFile } from "./program-assets.ts";

/**
 * What the executable runs first: compiles the program it carries, with what V8 had made of it when it was built, and
 * runs that. It saves a third of the time to start and the copies of the program's text that Node.js would make. A V8 with
 * other flags does not take what was made, and makes it itself.
 */
function loadProgram(): void {
  // A text of one byte a character, outside of V8's heap.
  const text = Buffer.from(getRawAsset(assetNames.text)).toString("latin1");
  const script = new Script(text, { filename: programFile, cachedData: Buffer.from(getRawAsset(assetNames.compiled)) });
  const program: unknown = script.runInThisContext();
  if (typeof program !== "function") throw new TypeError("the program is not a function");
  const module: { exports: unknown } = { exports: {} };
  // What the program needs is inside it, but for Node's own modules.
  const require = createRequire(process.execPath);
  Reflect.apply(program, module.exports, [module.exports, require, module, process.execPath, dirname(process.execPath)]);
}

loadProgram();
