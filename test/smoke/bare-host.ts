import { execFile } from "node:child_process";
import { chmod, chown, copyFile, mkdir, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Executable } from "./executable.ts";

const run = promisify(execFile);

/** nobody, as Debian and the container images number it. */
export const nobody = 65_534;

/** Why no bare host can be had here; null when it can. */
export async function whyNoBareHost(): Promise<string | null> {
  if (process.platform !== "linux" || process.arch !== "x64") return "it needs Linux on x64";
  try {
    await run("unshare", ["--mount", "--pid", "--fork", "sh", "-c", "mount -t proc proc /proc && mount -t tmpfs none /mnt && chroot / true"]);
    return null;
  } catch {
    return "it needs leave for namespaces, mount and chroot: run it as root";
  }
}

/** What the executable and its libraries name, and nothing else: libc6, libstdc++6 and libgcc-s1 of this machine. */
async function copyLibraries(file: string, root: string): Promise<void> {
  const { stdout } = await run("ldd", [file]);
  const paths = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  for (const path of paths) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(await realpath(path), target);
  }
}

/**
 * A root file system as the smallest image has it: the executable, the C and C++ libraries, an empty /tmp and /data.
 * Everything but /data is read-only, the executable runs as nobody and as PID 1.
 */
export class BareHost {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** @param owner of /data */
  static async make(executable: string, owner = nobody): Promise<BareHost> {
    const host = new BareHost(await mkdtemp(join(tmpdir(), "comfyui-api-bare-")));
    // mkdtemp lets in its owner alone.
    await chmod(host.root, 0o755);
    for (const folder of ["data", "proc", "dev", "tmp", "usr/local/bin"]) await mkdir(join(host.root, folder), { recursive: true });
    await copyFile(executable, join(host.root, "usr/local/bin/comfyui-api"));
    await copyFile(`${executable}.map`, join(host.root, "usr/local/bin/comfyui-api.map"));
    await copyLibraries(executable, host.root);
    await chown(join(host.root, "data"), owner, owner);
    return host;
  }

  /** Runs the executable as nobody, without environment. */
  run(...args: readonly string[]): Executable {
    return this.start({ command: ["/usr/local/bin/comfyui-api", ...args], user: `${nobody}:${nobody}`, env: {} });
  }

  /** Runs a program of the host: its path, then its arguments. */
  start({ command, user, env }: { readonly command: readonly string[]; readonly user: string; readonly env: Readonly<Record<string, string>> }): Executable {
    const script = `
      set -e
      mount --make-rprivate /
      mount --bind "$0" "$0"
      mount --bind "$0/data" "$0/data"
      mount -t proc proc "$0/proc"
      mount -o remount,bind,ro "$0"
      cd "$0"
      exec chroot --userspec=${user} --groups= "$0" "$@"`;
    return new Executable({
      file: "/usr/bin/unshare",
      args: ["--mount", "--pid", "--fork", "sh", "-c", script, this.root, ...command],
      cwd: "/",
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
    });
  }

  /** Ends what was started here. To PID 1 a signal comes only from outside, and `unshare` hands none on. */
  async end(program: Executable, signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<number | string | null> {
    if (!program.hasEnded) {
      const inside = await BareHost.pidInside(program).catch(() => 0);
      if (inside > 0) process.kill(inside, signal);
    }
    return program.end();
  }

  /** The process that `unshare` started: PID 1 in its namespace. */
  static async pidInside(program: Executable): Promise<number> {
    return Number((await readFile(`/proc/${program.pid}/task/${program.pid}/children`, "utf8")).trim());
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}
