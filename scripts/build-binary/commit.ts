import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * The commit that is built, in full, with `-changed` when files differ from it. Undefined where there is no git: an
 * unpacked source archive builds too.
 */
export async function commitOf(root: string): Promise<string | undefined> {
  try {
    const [{ stdout: commit }, { stdout: changes }] = await Promise.all([
      run("git", ["rev-parse", "HEAD"], { cwd: root }),
      run("git", ["status", "--porcelain"], { cwd: root, maxBuffer: 64 * 2 ** 20 }),
    ]);
    return `${commit.trim()}${changes.trim() === "" ? "" : "-changed"}`;
  } catch (error) {
    console.warn(`The executable will not know its commit: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`);
    return undefined;
  }
}
