/** Longer ones are sentences, not names. */
const maxLength = 48;

/** `Positive Prompt` → `positive_prompt`, `maxFrames` → `max_frames`; `undefined` when no Latin letter is in it. */
export function slug(text: string): string | undefined {
  const words = text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .slice(0, maxLength)
    .replaceAll(/^[_0-9]+|_+$/g, "");
  return words === "" ? undefined : words;
}

/** Gives names out once: the second `image` is `image_2`. */
export class NameList {
  readonly #taken = new Set<string>();
  /** The number to try next, by wanted name: thousands of nodes may want the same. */
  readonly #next = new Map<string, number>();

  unused(wanted: string): string {
    let number = this.#next.get(wanted) ?? 1;
    let name = number === 1 ? wanted : `${wanted}_${number}`;
    while (this.#taken.has(name)) {
      number += 1;
      name = `${wanted}_${number}`;
    }
    this.#taken.add(name);
    this.#next.set(wanted, number + 1);
    return name;
  }
}
