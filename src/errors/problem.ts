import type { AppError, FieldError } from "./app-error.ts";
import { errorTable, type ErrorCode } from "./table.ts";

/** The body of an `application/problem+json` answer (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ErrorCode;
  readonly errors?: readonly FieldError[];
}

type Described = Pick<AppError, "code" | "detail" | "errors">;

/**
 * @param instance the path of the request, or of the job, that met the error
 */
export function toProblem(error: Described, instance: string): Problem {
  const kind = errorTable[error.code];
  return {
    type: `urn:comfyui-api:error:${error.code}`,
    title: kind.title,
    status: kind.status,
    detail: error.detail,
    instance,
    code: error.code,
    ...(error.errors.length > 0 ? { errors: error.errors } : {}),
  };
}
