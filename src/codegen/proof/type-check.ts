import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isSea } from "node:sea";
import { fileURLToPath } from "node:url";
import type { Finding } from "./finding.ts";

/** By module name: what the compiler has against it. Or why it could not be asked. */
export type TypeCheck = { readonly findings: ReadonlyMap<string, readonly Finding[]> } | { readonly skipped: string };

/** A cold start of the compiler over zod's types takes a second or two; a busy machine needs the room. */
const timeLimitMs = 120_000;

/** As strict as this repository is with its own modules. */
const compilerOptions = {
  target: "esnext",
  lib: ["esnext"],
  module: "nodenext",
  types: [],
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowImportingTsExtensions: true,
};

interface Packages {
  readonly tsc: string;
  readonly zod: string;
  /** The package whose `fields` the module imports. */
  readonly own: string;
}

function resolved(near: string, specifier: string): string | null {
  try {
    return createRequire(near).resolve(specifier);
  } catch {
    // Not installed there: the next place is asked, and the check is skipped with a reason where none has it.
    return null;
  }
}

/** TypeScript, zod and this package, as a module at one of the places would find them. */
function findPackages(places: readonly string[]): Packages | null {
  for (const near of places) {
    const [typescript, zod, fields] = ["typescript/package.json", "zod/package.json", "comfyui-api/fields"].map((specifier) => resolved(near, specifier));
    if (!typescript || !zod || !fields) continue;
    return { tsc: join(dirname(typescript), "bin/tsc"), zod: dirname(zod), own: join(dirname(fields), "../..") };
  }
  return null;
}

function run(tsc: string, folder: string): Promise<string> {
  // Inside the executable process.execPath is the executable itself; then the script's own first line finds Node.js.
  const [file, args] = isSea() ? [tsc, []] : [process.execPath, [tsc]];
  return new Promise((resolve, reject) => {
    execFile(file, [...args, "--project", folder, "--pretty", "false"], { cwd: folder, timeout: timeLimitMs, maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null || stdout.includes("error TS")) resolve(stdout);
      else reject(new Error(`${error.message} ${stderr}`.trim(), { cause: error }));
    });
  });
}

/** `m0.ts(12,5): error TS2322: Type …`, with further lines that are indented. */
const diagnostic = /^(\S+?)\((\d+),\d+\): error (TS\d+): (.*)$/gm;

/**
 * Type-checks modules, all in one run of the compiler, in a folder of its own that is removed again.
 *
 * @param modules text by name
 * @param near the folder where the modules will stand: its packages come first
 */
export async function typeCheck(modules: ReadonlyMap<string, string>, near: string): Promise<TypeCheck> {
  const packages = findPackages([join(near, "module.ts"), join(process.cwd(), "module.ts"), fileURLToPath(import.meta.url)]);
  if (packages === null) return { skipped: "TypeScript, zod and comfyui-api are not installed beside the module" };
  const folder = await mkdtemp(join(tmpdir(), "comfyui-api-types-"));
  try {
    await mkdir(join(folder, "node_modules"));
    await symlink(packages.zod, join(folder, "node_modules/zod"));
    await symlink(packages.own, join(folder, "node_modules/comfyui-api"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const names = [...modules.keys()];
    await Promise.all(names.map((name, index) => writeFile(join(folder, `m${index}.ts`), modules.get(name) ?? "")));
    const output = await run(packages.tsc, folder);
    const findings = new Map<string, Finding[]>();
    for (const [, file = "", line = "", code = "", message = ""] of output.matchAll(diagnostic)) {
      const name = names[Number(/^m(\d+)\.ts$/.exec(file)?.[1] ?? Number.NaN)];
      if (name === undefined) return { skipped: `the compiler stumbled over something else: ${file} ${code} ${message}` };
      findings.set(name, [...(findings.get(name) ?? []), { check: "types", line: Number(line), message: `${code}: ${message}` }]);
    }
    return { findings };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
