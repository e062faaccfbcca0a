import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";
import { programFile } from "../../src/executable/program-assets.ts";

/** Runs the program with these arguments, and at its end writes it with every function that was called until then. */
function runAndCompile(source: string, compiled: string, args: readonly string[]): void {
  const script = new Script(source, { filename: programFile });
  process.argv = [process.execPath, programFile, ...args];
  process.on("exit", () => writeFileSync(compiled, script.createCachedData()));
  const program: unknown = script.runInThisContext();
  if (typeof program !== "function") throw new TypeError("the program is not a function");
  const module: { exports: unknown } = { exports: {} };
  Reflect.apply(program, module.exports, [module.exports, createRequire(process.execPath), module, process.execPath, "/"]);
}

/** @throws {Error} when V8 does not take what was compiled */
function load(source: string, compiled: string): Script {
  const script = new Script(source, { filename: programFile, cachedData: readFileSync(compiled) });
  if (script.cachedDataRejected !== false) throw new Error("V8 does not take the program that it compiled");
  return script;
}

/**
 * Run by the Node.js that goes into the executable. `compile-program.ts` and
 *
 * - `plain TEXT COMPILED`: writes what V8 makes of the program without running it.
 * - `run TEXT COMPILED ARGUMENT…`: runs it, and writes what V8 has made of it by its end.
 * - `settle TEXT COMPILED`: reads that and writes it again. V8 numbers functions in the order in which it came by them, which is
 *   not the same in each run; those that it reads it numbers in the order in which they stand there.
 * - `check TEXT COMPILED`: fails when V8 does not take it.
 */
function main([verb, text = "", compiled = "", ...args]: readonly string[]): void {
  const source = readFileSync(text, "latin1");
  if (verb === "plain") writeFileSync(compiled, new Script(source, { filename: programFile }).createCachedData());
  else if (verb === "run") runAndCompile(source, compiled, args);
  else if (verb === "settle") writeFileSync(compiled, load(source, compiled).createCachedData());
  else load(source, compiled);
}

main(process.argv.slice(2));
