import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * V8 writes the strings of a program in the order of their hashes, which are seeded at random: with a seed of its own
 * choice the same program is compiled to the same bytes. And it forgets functions that have not been called for a while.
 */
const sameEachTime = ["--hash-seed=1", "--no-flush-bytecode"];

/** What the start that is compiled ends with: it must have come that far. */
const endsWith = "could not use its job database";

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
  // Nothing of this machine is to be found by that start.
  const options = { cwd: dirname(text), env: {} };
  const [{ stderr }] = await Promise.all([
    run(node, [...flags, ...sameEachTime, program, text, outfile], options),
    run(node, [...flags, program, text, plain], options),
  ]);
  if (!stderr.includes(endsWith)) throw new Error(`the start that is compiled did not get as far as was expected: ${stderr}`);
  const [seeded, unseeded] = await Promise.all([readFile(outfile), readFile(plain)]);
  if (!seeded.subarray(0, flagsAt).equals(unseeded.subarray(0, flagsAt))) throw new Error("V8 writes compiled programs in another form than was expected");
  await writeFile(outfile, Buffer.concat([seeded.subarray(0, flagsAt), unseeded.subarray(flagsAt, flagsEnd), seeded.subarray(flagsEnd)]));
  try {
    await run(node, [...flags, program, text, outfile, "check"]);
  } catch (cause) {
    throw new Error("V8 does not take the program that it compiled: has it changed how it notes its flags?", { cause });
  }
}
