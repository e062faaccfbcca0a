/** Longer names are not compared: the comparison takes the product of both lengths. */
const maxNameLength = 100;

/** The known name that `name` is most likely a misspelling of, or null when none is close. For messages. */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > maxNameLength) return null;
  let best: { readonly candidate: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (best === null || distance < best.distance) best = { candidate, distance };
  }
  // Two swapped letters count as two. A third of a longer name may be wrong; more than that is another name.
  const slip = name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3));
  if (best === null || best.distance > slip) return null;
  return best.candidate;
}

/** Insertions, deletions and replacements that turn `from` into `to` (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
