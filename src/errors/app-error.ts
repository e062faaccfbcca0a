import { errorTable, type ErrorCode, type ErrorKind } from "./table.ts";

/** One fault in what the caller sent: where it is and what to do about it. */
export interface FieldError {
  /** JSON pointer (RFC 6901) into the body that was sent, e.g. `/steps` or `/graph/3/inputs/seed`. */
  readonly pointer: string;
  readonly message: string;
  /** The graph node at fault, when ComfyUI or the graph check found it. */
  readonly node_id?: string;
  readonly class_type?: string;
}

export interface AppErrorOptions {
  /** The private half: logged, never sent to a caller. */
  readonly cause?: unknown;
  readonly errors?: readonly FieldError[];
}

/** An error of the table: `detail` is for the caller, `cause` for the log. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors: readonly FieldError[];

  constructor(code: ErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.errors = options.errors ?? [];
  }

  get kind(): ErrorKind {
    return errorTable[this.code];
  }

  /** `error` itself when it is of the table, else an `internal` error that keeps it as the private cause. */
  static from(error: unknown): AppError {
    if (error instanceof AppError) return error;
    return new AppError("internal", "Something went wrong inside the gateway. The log has the cause.", { cause: error });
  }
}
