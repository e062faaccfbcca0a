import { randomBytes } from "node:crypto";
import { startDemoComfyui } from "../../../src/demo/demo-comfyui.ts";

/**
 * The stand-in as a program: `stand-in.cjs WORKERS JOB_MS BYTES`. Its runs take JOB_MS and save a file of BYTES that
 * begins as a PNG does. Prints where it serves.
 */
async function main([workers = "1", jobMs = "0", bytes = "12000"]: readonly string[]): Promise<void> {
  const start = Buffer.from("89504e470d0a1a0a0000000d49484452000002000000020008020000007b1a43ad", "hex");
  const size = Number(bytes);
  // Random bytes in pieces that repeat: nothing that is measured compresses.
  const noise = randomBytes(Math.min(size, 1_000_000));
  const file = Buffer.alloc(size);
  for (let at = 0; at < size; at += noise.length) noise.copy(file, at);
  start.copy(file);
  // Who looks for the kind of a PNG reads on until its picture begins.
  file.writeUInt32BE(size - start.length - 12, start.length);
  file.write("IDAT", start.length + 4);
  const demo = await startDemoComfyui({ fixedRuns: { workers: Number(workers), jobMs: Number(jobMs), file: { bytes: file, extension: "png" } } });
  process.stdout.write(`serves on ${demo.url}\n`);
}

void main(process.argv.slice(2));
