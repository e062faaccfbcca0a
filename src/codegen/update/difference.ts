/** Lines of context around a change. */
const contextLines = 2;
/** Longest common subsequences take time and room by the product of the lengths: beyond this the whole text counts as changed. */
const maxCells = 4_000_000;

interface Line {
  readonly kind: " " | "-" | "+";
  readonly text: string;
}

/** Lengths of the longest common subsequence of the rests of `a` and `b`, row by row. */
function lengths(a: readonly string[], b: readonly string[]): readonly Uint32Array[] {
  const rows = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const [row, next] = [rows[i], rows[i + 1]];
      if (row !== undefined && next !== undefined) row[j] = a[i] === b[j] ? (next[j + 1] ?? 0) + 1 : Math.max(next[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}

function aligned(a: readonly string[], b: readonly string[]): readonly Line[] {
  if (a.length * b.length > maxCells) return [...a.map((text): Line => ({ kind: "-", text })), ...b.map((text): Line => ({ kind: "+", text }))];
  const rows = lengths(a, b);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      lines.push({ kind: " ", text: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || (rows[i + 1]?.[j] ?? 0) >= (rows[i]?.[j + 1] ?? 0))) {
      lines.push({ kind: "-", text: left });
      i += 1;
    } else if (right !== undefined) {
      lines.push({ kind: "+", text: right });
      j += 1;
    }
  }
  return lines;
}

/** How two texts differ, line by line, with two lines around each change. Empty when they are the same. */
export function difference(before: string, after: string): string {
  const lines = aligned(before.split("\n"), after.split("\n"));
  const changes = lines.flatMap((line, index) => (line.kind === " " ? [] : [index]));
  const isShown = (index: number): boolean => changes.some((change) => Math.abs(change - index) <= contextLines);
  const shown: string[] = [];
  let last = -1;
  for (const [index, { kind, text }] of lines.entries()) {
    if (!isShown(index)) continue;
    if (last !== -1 && index !== last + 1) shown.push("  …");
    shown.push(`${kind} ${text}`);
    last = index;
  }
  return shown.length === 0 ? "" : `${shown.join("\n")}\n`;
}
