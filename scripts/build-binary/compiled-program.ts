import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { trialRun } from "./trial-run.ts";

const run = promisify(execFile);

/**
 * V8 writes the strings of a program in the order of their hashes, which are seeded at random: with a seed of its own
 * choice the same program is compiled to the same bytes. It forgets functions that have not been called for a while, and
 * notes which it has compiled further, which depends on the time they took.
 */
const sameEachTime = ["--hash-seed=1", "--no-flush-bytecode", "--no-sparkplug", "--no-maglev", "--no-turbofan"];

/** Where V8 notes the flags that it ran with, in what it writes; four bytes. Before that stands what it is and of which version. */
const flagsAt = 12;
const flagsEnd = 16;

interface CompiledProgram {
  /** The Node.js that goes into the executable. */
  readonly node: string;
  /** The flags it will run with. */
  readonly flags: readonly string[];
  /** The file with the program's text, of one byte a character. */
  readonly text: string;
  readonly outfile: string;
}

/**
 * Writes what V8 makes of the program, with all that a start calls: the same bytes for the same text and Node.js. What makes
 * them the same is not one of the executable's flags, so the note of the flags is taken from a run without it, and a last run
 * shows that V8 takes it.
 */
export async function writeCompiledProgram({ node, flags, text, outfile }: CompiledProgram): Promise<void> {
  const program = join(import.meta.dirname, "compile-program.ts");
  const plain = `${outfile}.plain`;
  await trialRun({ node, args: [...flags, ...sameEachTime, program, "run", text, outfile] });
  await Promise.all([run(node, [...flags, ...sameEachTime, program, "settle", text, outfile]), run(node, [...flags, program, "plain", text, plain])]);
  const [seeded, unseeded] = await Promise.all([readFile(outfile), readFile(plain)]);
  if (!seeded.subarray(0, flagsAt).equals(unseeded.subarray(0, flagsAt))) throw new Error("V8 writes compiled programs in another form than was expected");
  await writeFile(outfile, Buffer.concat([seeded.subarray(0, flagsAt), unseeded.subarray(flagsAt, flagsEnd), seeded.subarray(flagsEnd)]));
  try {
    await run(node, [...flags, program, "check", text, outfile]);
  } catch (cause) {
    throw new Error("V8 does not take the program that it compiled: has it changed how it notes its flags?", { cause });
  }
}
