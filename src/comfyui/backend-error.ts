import { AppError } from "../errors/app-error.ts";
import { ConnectionFault } from "./connection-fault.ts";

/** A proxy in front of a ComfyUI that is down answers with one of these. */
const proxyStatuses = [502, 503, 504];

/** What a status other than the wanted one says to people. */
export function reasonOfStatus(status: number): string {
  if (status === 401) return "answered 401: the user or password in its URL is wrong or missing";
  if (status === 404) return "answered 404: this does not look like a ComfyUI server";
  return `answered ${status}`;
}

/** The public error of a call that failed in transport. Errors of the table pass as they are. */
export function toBackendError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ConnectionFault) return new AppError("comfyui_unreachable", `ComfyUI does not answer: ${error.reason}.`, { cause: error });
  return AppError.from(error);
}

/** The public error of an answer with a status that the call does not know. */
export function unexpectedStatus(status: number, doing: string): AppError {
  const code = proxyStatuses.includes(status) ? "comfyui_unreachable" : "comfyui_unexpected";
  return new AppError(code, `ComfyUI ${reasonOfStatus(status)} when ${doing}.`);
}

/** The public error of a 200 whose body is not what the call answers with. */
export function unexpectedBody(doing: string, cause: unknown): AppError {
  return new AppError("comfyui_unexpected", `ComfyUI gave an answer that cannot be read when ${doing}.`, { cause });
}
