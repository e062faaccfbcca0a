import { AppError } from "../errors/app-error.ts";

/** Longer waits die in proxies on the way; whoever needs them polls the job. */
const maxWaitSeconds = 300;

export interface WaitChoice {
  readonly waitSeconds: number;
  /** For the `Preference-Applied` header; null when the caller had no preference. */
  readonly applied: string | null;
}

/** The preferences of a `Prefer` header (RFC 7240): names lower case, the first of a name counts. */
function preferences(header: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const item of header.split(",")) {
    const [name = "", value = ""] = (item.split(";")[0] ?? "").split("=").map((part) => part.trim());
    const key = name.toLowerCase();
    if (key !== "" && !found.has(key)) found.set(key, value.replace(/^"(.*)"$/, "$1"));
  }
  return found;
}

/**
 * How long the caller wants to wait. `wait=N` waits up to N seconds, also together with `respond-async`
 * (RFC 7240 §4.3); `respond-async` alone does not wait. Preferences that are not known here are ignored.
 *
 * @throws {AppError} `invalid_query` for a wait that is no whole number from 0 to 300
 */
export function readWaitChoice(header: string | undefined, defaultSeconds: number): WaitChoice {
  if (header === undefined) return { waitSeconds: defaultSeconds, applied: null };
  const wanted = preferences(header);
  const isAsync = wanted.has("respond-async");
  const wait = wanted.get("wait");
  if (wait === undefined) return isAsync ? { waitSeconds: 0, applied: "respond-async" } : { waitSeconds: defaultSeconds, applied: null };
  const waitSeconds = /^\d{1,9}$/.test(wait) ? Number(wait) : Number.NaN;
  if (!(waitSeconds <= maxWaitSeconds)) {
    throw new AppError("invalid_query", `The header Prefer asks for wait=${wait.slice(0, 40)}; give a whole number of seconds from 0 to ${maxWaitSeconds}.`);
  }
  return { waitSeconds, applied: isAsync ? `respond-async, wait=${waitSeconds}` : `wait=${waitSeconds}` };
}
