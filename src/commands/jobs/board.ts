/** Lines at the end of the terminal that are drawn anew in their place. */
export class Board {
  readonly #print: (text: string) => void;
  #drawn = 0;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  /** @param lines each shorter than the terminal is wide, and fewer than it is high: the cursor can go up no further */
  draw(lines: readonly string[]): void {
    this.#print(`${this.#up()}${lines.map((line) => `\r\u001B[2K${line}\n`).join("")}`);
    this.#drawn = lines.length;
  }

  /** A line that stays, above the others, which must be drawn again after it. */
  say(line: string): void {
    this.#print(`${this.#up()}\r\u001B[J${line}\n`);
    this.#drawn = 0;
  }

  #up(): string {
    return this.#drawn === 0 ? "" : `\u001B[${this.#drawn}A`;
  }
}
