import { execFile } from "node:child_process";
import { chmod, chown, copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
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

  static async make(executable: string): Promise<BareHost> {
    const host = new BareHost(await mkdtemp(join(tmpdir(), "comfyui-api-bare-")));
    // mkdtemp lets in its owner alone.
    await chmod(host.root, 0o755);
    for (const folder of ["data", "proc", "dev", "tmp", "usr/local/bin"]) await mkdir(join(host.root, folder), { recursive: true });
    await copyFile(executable, join(host.root, "usr/local/bin/comfyui-api"));
    await copyFile(`${executable}.map`, join(host.root, "usr/local/bin/comfyui-api.map"));
    await copyLibraries(executable, host.root);
    await chown(join(host.root, "data"), nobody, nobody);
    return host;
  }

  put(path: string, text: string): Promise<void> {
    return writeFile(join(this.root, path), text);
  }

  run(...args: readonly string[]): Executable {
    const script = `
      set -e
      mount --make-rprivate /
      mount --bind "$0" "$0"
      mount --bind "$0/data" "$0/data"
      mount -t proc proc "$0/proc"
      mount -o remount,bind,ro "$0"
      cd "$0"
      exec chroot --userspec=${nobody}:${nobody} --groups= "$0" /usr/local/bin/comfyui-api "$@"`;
    return new Executable({
      file: "/usr/bin/unshare",
      // The namespace ends with `unshare`, should a test be broken off.
      args: ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, this.root, ...args],
      cwd: "/",
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    });
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}
