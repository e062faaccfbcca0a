import { readFileSync, writeFileSync } from "node:fs";
import { Script } from "node:vm";
import { programFile } from "../../src/executable/program-assets.ts";

/**
 * `compile-program.ts TEXT COMPILED [check]`, run by the Node.js that goes into the executable: writes what V8 makes of the
 * program, or with `check` ends with 1 when V8 does not take what is there.
 */
function main([text = "", compiled = "", check]: readonly string[]): void {
  const source = readFileSync(text, "latin1");
  if (check === undefined) writeFileSync(compiled, new Script(source, { filename: programFile }).createCachedData());
  else process.exitCode = new Script(source, { filename: programFile, cachedData: readFileSync(compiled) }).cachedDataRejected === false ? 0 : 1;
}

main(process.argv.slice(2));
