import { execFile } from "node:child_process";
import { chmod, cp, copyFile, mkdir, mkdtemp, readdir, readFile, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { vi } from "vitest";
import { Executable } from "./executable.ts";

const run = promisify(execFile);
const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
const systemUnits = "/usr/lib/systemd/system";

/** Starts systemd as PID 1 of namespaces of its own, in the root `$0`, whose /usr is this machine's, read-only but for /usr/local. */
const bootScript = `
  set -e
  echo $$ > "$1/cgroup.procs"
  exec unshare --mount --pid --fork --cgroup --uts --ipc --kill-child sh -ec '
    mount --make-rprivate /
    mount --bind "$0" "$0"
    mount --bind "$0/usr/local" "$0/local"
    mount --bind /usr "$0/usr"
    mount -o remount,bind,ro "$0/usr"
    mount --bind "$0/local" "$0/usr/local"
    # Targets and slices alone: nothing else of this machine shall start there.
    mount --bind "$0/units" "$0${systemUnits}"
    mount -t proc proc "$0/proc"
    mount --bind "$0/proc/sys" "$0/proc/sys"
    mount -o remount,bind,ro "$0/proc/sys"
    mount -t sysfs -o ro sysfs "$0/sys"
    mount -t tmpfs tmpfs "$0/sys/fs/cgroup" || true
    mount -t cgroup2 cgroup2 "$0/sys/fs/cgroup"
    mount -t tmpfs tmpfs "$0/run"
    mount -t tmpfs tmpfs "$0/dev"
    for device in null zero full random urandom tty; do touch "$0/dev/$device"; mount --bind "/dev/$device" "$0/dev/$device"; done
    mkdir "$0/dev/shm"
    ln -s /proc/self/fd "$0/dev/fd"
    # As on a machine: systemd hands credentials to services through such mounts.
    mount --make-rshared "$0"
    cd "$0"
    exec env -i container=test PATH=/usr/sbin:/usr/bin chroot . /lib/systemd/systemd --system --log-target=null --show-status=no
  ' "$0"`;

/** Where the version of cgroups that systemd needs alone is mounted; null where it is not. */
async function cgroupMount(): Promise<string | null> {
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  return mounts.find(([, , type]) => type === "cgroup2")?.[1] ?? null;
}

/** Why no systemd can be booted here; null when it can. */
export async function whyNoSystemd(): Promise<string | null> {
  if (process.platform !== "linux" || process.arch !== "x64") return "it needs Linux on x64";
  const cgroups = await cgroupMount();
  if (cgroups === null) return "it needs cgroups of version 2";
  const trial = join(cgroups, `comfyui-api-trial-${process.pid}`);
  try {
    await run("test", ["-x", "/lib/systemd/systemd"]);
    await mkdir(trial);
    await rmdir(trial);
    await run("unshare", ["--mount", "--pid", "--fork", "--cgroup", "sh", "-c", "mount -t proc proc /proc && mount -t tmpfs none /mnt && chroot / true"]);
    return null;
  } catch {
    return "it needs systemd, and leave for cgroups, namespaces, mount and chroot: run it as root";
  }
}

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** A machine that systemd runs, as far as a service can tell. It shares nothing with this one but /usr and the network. */
export class SystemdHost {
  readonly root: string;
  readonly #cgroup: string;
  #machine: Executable | null = null;
  #init = 0;

  private constructor(root: string, cgroup: string) {
    this.root = root;
    this.#cgroup = cgroup;
  }

  /** @param executable is there as /opt/comfyui-api */
  static async boot(executable: string): Promise<SystemdHost> {
    const root = await mkdtemp(join(tmpdir(), "comfyui-api-systemd-"));
    const host = new SystemdHost(root, join((await cgroupMount()) ?? "", `comfyui-api-test-${process.pid}`));
    // mkdtemp lets in its owner alone.
    await chmod(root, 0o755);
    const folders = ["usr/local", "local", "etc/systemd/system/comfyui-api.service.d", "proc", "sys", "dev", "run", "tmp", "var/lib", "root", "home", "opt", "units"];
    for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
    for (const link of ["bin", "sbin", "lib", "lib64"]) await symlink(`usr/${link}`, join(root, link));
    for (const unit of (await readdir(systemUnits)).filter((name) => /\.(target|slice)$/.test(name))) {
      await cp(join(systemUnits, unit), join(root, "units", unit), { verbatimSymlinks: true });
    }
    await host.#write("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    await host.#write("etc/group", "root:x:0:\n");
    await host.#write("etc/nsswitch.conf", "passwd: files\ngroup: files\n");
    await host.#write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    await host.#write("etc/systemd/system/quiet.target", "[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n");
    await symlink("quiet.target", join(root, "etc/systemd/system/default.target"));
    // There is no journal there.
    await host.#write("etc/systemd/system/comfyui-api.service.d/log.conf", "[Service]\nStandardOutput=append:/var/lib/log\nStandardError=append:/var/lib/log\n");
    await copyFile(executable, join(root, "opt/comfyui-api"));
    await copyFile(`${executable}.map`, join(root, "opt/comfyui-api.map"));
    await mkdir(host.#cgroup);
    await host.#start();
    return host;
  }

  /** Runs a program there, as root. */
  async run(...command: readonly string[]): Promise<Ended> {
    const args = ["--target", String(this.#init), "--mount", "--pid", "--cgroup", "--uts", "--ipc", `--root=/proc/${this.#init}/root`, "--wd=/", ...command];
    const program = new Executable({ file: "/usr/bin/nsenter", args, cwd: "/", env: environment });
    const code = await program.end();
    return { code: typeof code === "number" ? code : -1, output: program.output };
  }

  async show(property: string): Promise<string> {
    return (await this.run("systemctl", "show", "comfyui-api", `--property=${property}`, "--value")).output.trim();
  }

  /** What the service has printed so far. */
  log(): Promise<string> {
    return readFile(join(this.root, "var/lib/log"), "utf8");
  }

  async remove(): Promise<void> {
    // The namespace, and all in it, ends with `unshare`.
    await this.#machine?.end("SIGKILL");
    // A cgroup can be removed once the kernel has buried the last process in it.
    await vi.waitFor(() => removeCgroup(this.#cgroup), { timeout: 20_000 });
    await rm(this.root, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    this.#machine = new Executable({ file: "/bin/sh", args: ["-c", bootScript, this.root, this.#cgroup], cwd: "/", env: environment });
    const machine = this.#machine;
    await vi.waitFor(async () => {
      if (machine.hasEnded) throw new Error(`systemd did not start: ${machine.output}`);
      this.#init = Number((await readFile(`/proc/${machine.pid}/task/${machine.pid}/children`, "utf8")).trim().split(" ")[0]);
      const { code, output } = await this.run("systemctl", "is-active", "quiet.target");
      if (code !== 0) throw new Error(`systemd does not answer: ${output}`);
    }, { timeout: 50_000, interval: 100 });
  }

  #write(path: string, text: string): Promise<void> {
    return writeFile(join(this.root, path), text);
  }
}

async function removeCgroup(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
  await rmdir(path);
}
