import { access, constants, lstat, mkdir, open, readdir, realpath, rm, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Finding } from "./finding.ts";

/** Less than this and the next videos fill the disk. */
const lowBytes = 10e9;
/** Less than this and the next pictures do. */
const fullBytes = 1e9;

/** Permissions of anybody but the owner and his group: to read a file, and to come to what is in a folder. */
const readableByAll = 0o004;
const passableByAll = 0o001;

/** Whether jobs and outputs can be kept in `dataDir`. Leaves nothing there. */
export async function lookAtData(dataDir: string): Promise<readonly Finding[]> {
  const path = resolve(dataDir);
  const place = await firstThere(path);
  if (place !== path) {
    const canMake = await isWritable(place);
    const finding: Finding = canMake
      ? { area: "data", status: "ok", message: `The data directory ${path} is not there yet, and can be made` }
      : { area: "data", status: "failure", message: `The data directory ${path} is not there, and this user may not make it`, fix: `Make it and give it to the gateway's user, or name another with --data-dir` };
    return [finding, await spaceOf(place)];
  }
  const refusal = await tryWriting(path);
  if (refusal === null) {
    return [{ area: "data", status: "ok", message: `The data directory ${path} can be written` }, ...(await ofAnotherUser(path)), ...(await openToAll(path)), await spaceOf(path)];
  }
  return [{ area: "data", status: "failure", message: `The data directory ${path} cannot be written: ${refusal}`, fix: "Give it to the gateway's user, free the disk, or name another with --data-dir" }];
}

/**
 * What was restored by root, or made by a gateway that root once started by hand. Root, who often runs this, can write
 * all of it; the gateway's user cannot, and does not start.
 */
async function ofAnotherUser(path: string): Promise<readonly Finding[]> {
  const { uid } = await stat(path);
  const owners = await Promise.all((await readdir(path)).map(async (name) => ({ name, owner: (await stat(join(path, name)).catch(() => null))?.uid ?? uid })));
  const names = owners.filter(({ owner }) => owner !== uid).map(({ name }) => name);
  if (names.length === 0) return [];
  return [{ area: "data", status: "warning", message: `${some(names)} in it ${names.length === 1 ? "belongs" : "belong"} to another user than the folder itself`, fix: `chown -R --reference=${path} ${path}` }];
}

/**
 * The gateway makes all of it for its user alone; what an older version made, or a restored copy, may be open. It is
 * only read by who can come to it: through every folder above.
 */
async function openToAll(path: string): Promise<readonly Finding[]> {
  for (let at = await realpath(path); ; at = dirname(at)) {
    if (((await stat(at)).mode & passableByAll) === 0) return [];
    if (dirname(at) === at) break;
  }
  const modes = await Promise.all((await readdir(path)).map(async (name) => ({ name, seen: await lstat(join(path, name)).catch(() => null) })));
  const names = modes.flatMap(({ name, seen }) => (seen !== null && !seen.isSymbolicLink() && (seen.mode & (seen.isDirectory() ? passableByAll : readableByAll)) !== 0 ? [name] : []));
  if (names.length === 0) return [];
  return [{ area: "data", status: "warning", message: `Every user of this machine can read ${some(names)} in it`, fix: `chmod -R o= ${path}` }];
}

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")}, …` : names.join(", ");
}

async function firstThere(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found !== null || dirname(at) === at) return at;
  }
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The system's reason when a file cannot be written there, or null. */
async function tryWriting(path: string): Promise<string | null> {
  const file = join(path, `doctor-${process.pid}.tmp`);
  try {
    await mkdir(path, { recursive: true });
    const handle = await open(file, "w");
    try {
      await handle.writeFile("written to see whether it can be");
      await handle.sync();
    } finally {
      await handle.close();
    }
    return null;
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
    throw error;
  } finally {
    await rm(file, { force: true }).catch(() => {
      // It could not be made, or the disk just went away, which the result tells already.
    });
  }
}

async function spaceOf(path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  const message = `${(free / 1e9).toFixed(1)} GB are free there`;
  if (free >= lowBytes) return { area: "data", status: "ok", message };
  return { area: "data", status: free < fullBytes ? "failure" : "warning", message, fix: "Free the disk, keep jobs for less long (--retention), or bound what is kept (--max-storage)" };
}
