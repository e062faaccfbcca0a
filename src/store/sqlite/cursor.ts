import { AppError } from "../../errors/app-error.ts";

/** Where a page ended: the last job on it, and for outputs the last index within that job. */
export interface Position {
  readonly seq: number;
  readonly index: number;
}

type ListName = "jobs" | "outputs";

/** An opaque word for a position. It names its list, so that one list's cursor is refused by another. */
export function encodeCursor(list: ListName, { seq, index }: Position): string {
  return Buffer.from(`${list}:${seq}:${index}`).toString("base64url");
}

/** @throws {AppError} `invalid_query` for a cursor that this list did not give */
export function decodeCursor(list: ListName, cursor: string): Position {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const match = /^(jobs|outputs):(\d{1,15}):(\d{1,15})$/.exec(text);
  const position = { seq: Number(match?.[2]), index: Number(match?.[3]) };
  if (match?.[1] !== list || encodeCursor(list, position) !== cursor) {
    throw new AppError("invalid_query", "The cursor is not one of this list. Use next_cursor as it was given, or leave it out to begin again.", {
      errors: [{ pointer: "/cursor", message: "not a cursor of this list" }],
    });
  }
  return position;
}
