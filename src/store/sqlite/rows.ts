import { z } from "zod";
import { parseJson } from "../../json/exact.ts";

export const idRow = z.object({ id: z.string() });

/** A row that is read at every job: column by column, which costs a tenth of a shape. */
export type Columns = Readonly<Record<string, unknown>>;

function isColumns(row: unknown): row is Columns {
  return typeof row === "object" && row !== null;
}

export function unreadable(cause: unknown): Error {
  return new Error("a row of the job database cannot be read", { cause });
}

/** @throws {Error} for no row */
export function columnsOf(row: unknown): Columns {
  if (!isColumns(row)) throw unreadable("there is none");
  return row;
}

/** @throws {Error} for a column of another kind: the database holds something foreign. So do those that follow. */
export function textIn(columns: Columns, name: string): string {
  const value = columns[name];
  if (typeof value !== "string") throw unreadable(`${name} is no text`);
  return value;
}

export function textOrNullIn(columns: Columns, name: string): string | null {
  return columns[name] === null ? null : textIn(columns, name);
}

export function numberIn(columns: Columns, name: string): number {
  const value = columns[name];
  if (typeof value !== "number") throw unreadable(`${name} is no number`);
  return value;
}

export function numberOrNullIn(columns: Columns, name: string): number | null {
  return columns[name] === null ? null : numberIn(columns, name);
}

/** Of a text that holds JSON, which must be as the guard says. */
export function jsonIn<T>(columns: Columns, name: string, isShape: (value: unknown) => value is T): T {
  const value = parseJson(textIn(columns, name));
  if (!isShape(value)) throw unreadable(`${name} is of another shape`);
  return value;
}

/** The column `count` of the only row. */
export function countOf(row: unknown): number {
  return numberIn(columnsOf(row), "count");
}

/** The column `value` of the only row, of a MIN, MAX or SUM: null over nothing. */
export function valueOf(row: unknown): number | null {
  return numberOrNullIn(columnsOf(row), "value");
}

/** The column `seq` of a row, null when there is none. */
export function seqOf(row: unknown): number | null {
  return row === undefined ? null : numberIn(columnsOf(row), "seq");
}

/** A row of a shape we wrote. @throws {Error} for one that is not: the database holds something foreign */
export function readRow<Row extends z.ZodType>(shape: Row, row: unknown): z.output<Row> {
  const parsed = shape.safeParse(row);
  if (!parsed.success) throw unreadable(parsed.error);
  return parsed.data;
}

/** As {@link readRow}, null for no row. */
export function readRowIfAny<Row extends z.ZodType>(shape: Row, row: unknown): z.output<Row> | null {
  return row === undefined ? null : readRow(shape, row);
}
