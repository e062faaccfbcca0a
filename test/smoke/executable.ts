import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A program under test, started with an empty environment unless one is given: no PATH, so no Node.js but its own. */
export class Executable {
  readonly #child: ChildProcess;
  #stdout = "";
  #stderr = "";
  #closed = false;
  #news = Promise.withResolvers<void>();

  constructor(params: { readonly file: string; readonly args: readonly string[]; readonly cwd: string; readonly env?: Readonly<Record<string, string>> }) {
    this.#child = spawn(params.file, params.args, { cwd: params.cwd, env: { ...params.env }, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#announce();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#child.on("close", () => {
      this.#closed = true;
      this.#announce();
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get hasEnded(): boolean {
    return this.#closed;
  }

  /** Both streams, for the message of a failed test. */
  get output(): string {
    return `${this.#stdout}${this.#stderr}`;
  }

  /** What `pattern` finds on stdout, as soon as it is there. Rejects when the process ends without it. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const news = this.#news.promise;
      const found = pattern.exec(this.#stdout);
      if (found !== null) return found;
      if (this.#closed) throw new Error(`The executable ended without printing ${String(pattern)}:\n${this.output}`);
      await news;
    }
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("The executable could not be started.");
    return this.#child.pid;
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Exit code, or the signal that ended it. */
  async end(signal?: NodeJS.Signals): Promise<number | string | null> {
    if (signal !== undefined) this.send(signal);
    if (!this.#closed) await once(this.#child, "close");
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  #announce(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }
}
