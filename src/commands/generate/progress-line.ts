import type { Surroundings } from "../command.ts";

/** One line at a terminal that is written over while something is waited for. Elsewhere it says nothing. */
export class ProgressLine {
  readonly #write: (text: string) => void;
  readonly #isLive: boolean;
  #isShown = false;

  constructor({ complain, terminal }: Pick<Surroundings, "complain" | "terminal">, isWanted: boolean) {
    this.#write = complain;
    this.#isLive = isWanted && terminal() !== null;
  }

  show(text: string): void {
    if (!this.#isLive) return;
    this.clear();
    this.#write(text);
    this.#isShown = true;
  }

  /** A line that stays. */
  note(text: string): void {
    this.clear();
    this.#write(`${text}\n`);
  }

  clear(): void {
    if (this.#isShown) this.#write("\r\u001B[2K");
    this.#isShown = false;
  }
}
