import { z } from "zod";
import { parseJson, type JsonObject } from "../../json/exact.ts";

/** A TEXT column that holds JSON of the given shape. */
export function json<Shape extends z.ZodType>(shape: Shape): z.ZodPipe<z.ZodString, z.ZodPipe<z.ZodTransform<unknown, string>, Shape>> {
  return z.string().pipe(z.transform(parseJson).pipe(shape));
}

export const jsonObject = z.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value));

export const seqRow = z.object({ seq: z.number() });
export const idRow = z.object({ id: z.string() });
export const countRow = z.object({ count: z.number() });
/** Of a MIN, MAX or SUM: null over nothing. */
export const valueRow = z.object({ value: z.number().nullable() });

/** A row of a shape we wrote. @throws {Error} for one that is not: the database holds something foreign */
export function readRow<Row extends z.ZodType>(shape: Row, row: unknown): z.output<Row> {
  const parsed = shape.safeParse(row);
  if (!parsed.success) throw new Error("a row of the job database cannot be read", { cause: parsed.error });
  return parsed.data;
}

/** As {@link readRow}, null for no row. */
export function readRowIfAny<Row extends z.ZodType>(shape: Row, row: unknown): z.output<Row> | null {
  return row === undefined ? null : readRow(shape, row);
}
