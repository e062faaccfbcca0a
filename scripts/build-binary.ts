import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { buildBinary } from "./build-binary/build-binary.ts";
import { commitOf } from "./build-binary/commit.ts";

const root = resolve(import.meta.dirname, "..");
const executable = await buildBinary({ root, commit: await commitOf(root) });
const { size } = await stat(executable);
console.log(`${relative(root, executable)}: ${(size / 1_000_000).toFixed(1)} MB`);
