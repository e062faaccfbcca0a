import type { ErrorHandler } from "hono";
import { AppError } from "../../errors/app-error.ts";
import { problemAnswer } from "../problem-answer.ts";
import type { HttpEnv } from "../route.ts";

/** Whatever a handler throws becomes a problem; what is not of the error table becomes `internal`. */
export const answerThrown: ErrorHandler<HttpEnv> = (error, c) => problemAnswer(c, AppError.from(error));
