/** Longer names are not compared: the comparison takes the product of both lengths. */
const maxNameLength = 100;

function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_value, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The known name that `name` is most likely a misspelling of, or null when none is close. */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > maxNameLength) return null;
  // A third of the letters may differ, so that "stepz" finds "steps" but "foo" does not find "cfg".
  const limit = Math.max(1, Math.floor(name.length / 3));
  let best: { name: string; distance: number } | null = null;
  for (const candidate of known) {
    const steps = distance(name.toLowerCase(), candidate.toLowerCase());
    if (steps <= limit && (best === null || steps < best.distance)) best = { name: candidate, distance: steps };
  }
  return best?.name ?? null;
}
