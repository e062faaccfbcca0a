/**
 * The same program in ASCII: V8 holds a text with one wider character in two bytes each, twice the memory. Bundling leaves
 * such characters in comments and regular expressions, where an escape stands for the same.
 */
export function oneByteText(program: string): string {
  return program.replaceAll(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
