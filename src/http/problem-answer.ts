import type { AppError } from "../errors/app-error.ts";
import { toProblem } from "../errors/problem.ts";
import { jsonAnswer } from "./answer.ts";
import type { HttpContext } from "./route.ts";

interface ProblemOptions {
  /** Path of the thing that met the error, when it is not the request. */
  readonly instance?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with an error of the table, and leaves it for the log line. */
export function problemAnswer(c: HttpContext, error: AppError, options: ProblemOptions = {}): Response {
  c.set("problem", error);
  const problem = toProblem(error, options.instance ?? c.req.path);
  return jsonAnswer(problem.status, problem, { "Content-Type": "application/problem+json", ...options.headers });
}
