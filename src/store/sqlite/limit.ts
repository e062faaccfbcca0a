import { AppError } from "../../errors/app-error.ts";

/** @throws {AppError} `invalid_query` for what is not a whole number from 1 to `max` */
export function checkedLimit(limit: number, max: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw new AppError("invalid_query", `limit must be a whole number from 1 to ${max}.`, {
    errors: [{ pointer: "/limit", message: `a whole number from 1 to ${max}` }],
  });
}
