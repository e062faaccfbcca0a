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

  unused(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#taken.has(name); number += 1) name = `${wanted}_${number}`;
    this.#taken.add(name);
    return name;
  }
}
