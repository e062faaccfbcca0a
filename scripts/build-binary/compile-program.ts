import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";
import { programFile } from "../../src/executable/program-assets.ts";

/** A start that gets as far as opening its data: there can be no folder in a file. */
const noFolder = "/dev/null/data";

/**
 * Starts a gateway that cannot have a data directory, and writes the program with every function that was called until
 * then: those that each start calls. Nothing of it waits for anything, so that they are the same each time.
 */
function compile(script: Script, compiled: string): void {
  process.argv = [process.execPath, programFile, "serve", "--port=0", `--data-dir=${noFolder}`, "--comfyui-url=http://127.0.0.1:9"];
  process.on("exit", () => {
    writeFileSync(compiled, script.createCachedData());
    process.exitCode = 0;
  });
  const program: unknown = script.runInThisContext();
  if (typeof program !== "function") throw new TypeError("the program is not a function");
  const module: { exports: unknown } = { exports: {} };
  Reflect.apply(program, module.exports, [module.exports, createRequire(process.execPath), module, process.execPath, "/"]);
}

/**
 * `compile-program.ts TEXT COMPILED [check]`, run by the Node.js that goes into the executable: writes what V8 makes of the
 * program, or with `check` ends with 1 when V8 does not take what is there.
 */
function main([text = "", compiled = "", check]: readonly string[]): void {
  const source = readFileSync(text, "latin1");
  if (check === undefined) compile(new Script(source, { filename: programFile }), compiled);
  else process.exitCode = new Script(source, { filename: programFile, cachedData: readFileSync(compiled) }).cachedDataRejected === false ? 0 : 1;
}

main(process.argv.slice(2));
