import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Release } from "./make-release.ts";

const run = promisify(execFile);

/**
 * What `gh` is asked for.
 *
 * @throws {Error} when the sources differ from every commit
 */
export function releaseCommand({ version, commit, folder, files }: Release): readonly string[] {
  if (commit === undefined || !/^[0-9a-f]{40}$/.test(commit)) {
    throw new Error("Only a commit can be published, so that others can build the same: commit what was changed, and release again.");
  }
  const notes = join(folder, "RELEASE-NOTES.md");
  const early = version.includes("-") || version.startsWith("0.") ? ["--prerelease"] : [];
  return ["release", "create", `v${version}`, ...files.map((file) => join(folder, file)), "--title", `comfyui-api ${version}`, "--notes-file", notes, "--target", commit, ...early];
}

/**
 * Makes a GitHub release of the folder, with GitHub's own program `gh`, which must be logged in. The tag is made by
 * GitHub at the commit that was built.
 *
 * @throws {Error} when the sources differ from every commit, or `gh` refuses
 */
export async function publish(root: string, release: Release): Promise<string> {
  const args = releaseCommand(release);
  try {
    const { stdout } = await run("gh", [...args], { cwd: root });
    return stdout.trim();
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new Error(missing ? "There is no program gh: https://cli.github.com" : "gh did not make the release", { cause });
  }
}
