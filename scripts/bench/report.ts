/** One line of the report: what was measured, here and beside something to compare it with. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** What it is held against, from the same run on the same machine. */
  readonly beside?: string;
  readonly ratio?: number;
  /** What issue or page asks for. */
  readonly wanted?: string;
}

export function table(rows: readonly Row[]): string {
  const cells = [
    ["what", "measured", "beside", "ratio", "wanted"],
    ...rows.map((row) => [row.what, row.measured, row.beside ?? "", row.ratio === undefined ? "" : `${row.ratio.toFixed(2)} x`, row.wanted ?? ""]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}

export function rate(perSecond: number): string {
  return `${perSecond.toFixed(0)} a second`;
}
