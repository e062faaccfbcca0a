import { AppError } from "../errors/app-error.ts";
import { problemAnswer } from "./problem-answer.ts";
import type { HttpContext } from "./route.ts";

/** @param methods what the path takes; HEAD comes with GET */
export function methodNotAllowed(c: HttpContext, methods: readonly string[]): Response {
  const allowed = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  const error = new AppError("method_not_allowed", `This path takes ${allowed.join(", ")}.`);
  return problemAnswer(c, error, { headers: { Allow: allowed.join(", ") } });
}
