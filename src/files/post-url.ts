import { systemClock, type Clock } from "../telemetry/clock.ts";
import { literalAddress, pinnedRequest, refusalOf, resolveTarget, systemNetwork, type Network, type Refusal } from "./pinned-connection.ts";

export interface PostUrlOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For everything together: name, connection, and the head of the answer. */
  readonly timeoutMs: number;
  /** Also send to addresses that are not public, and by plain `http:`. */
  readonly allowPrivateAddresses: boolean;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

export interface PostResult {
  /** null when there was no answer. */
  readonly statusCode: number | null;
  /** The header `Retry-After` of the answer. */
  readonly retryAfter: string | null;
  /** Why there was no answer, for whoever gave the URL; null when there was one. */
  readonly error: string | null;
}

const refusals: Readonly<Record<Refusal, string>> = {
  plain: "Nothing is sent by plain http:. Use the https: address.",
  scheme: "Nothing is sent but to https: addresses.",
  credentials: "Nothing is sent to a URL with a user name or password in it.",
  private: "The URL leads to a private or reserved address, to which nothing is sent.",
  "no-address": "The host name of the URL has no address.",
  "not-found": "The host name of the URL could not be found.",
};

/** Why nothing can be sent to a URL, as far as it can be said at once: its host is looked up only when something is sent. */
export function postRefusal(url: URL, allowPrivateAddresses: boolean): string | null {
  const refusal = refusalOf(url, allowPrivateAddresses);
  if (refusal !== null) return refusals[refusal];
  const literal = literalAddress(url);
  return literal === null || systemNetwork(allowPrivateAddresses).mayReach(literal.address) ? null : refusals.private;
}

/**
 * Sends a body to a URL that a caller gave, with the caution of `fetchUrl`: every address of its host is checked, the
 * connection goes to those and no other, and no redirect is followed. Of the answer only its head is read. Never
 * rejects for what the network or the receiver did.
 */
export async function postUrl(
  url: URL,
  options: PostUrlOptions,
  network: Network = systemNetwork(options.allowPrivateAddresses),
): Promise<PostResult> {
  const refusal = refusalOf(url, options.allowPrivateAddresses);
  if (refusal !== null) return failed(refusals[refusal]);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const timer = (options.clock ?? systemClock).after(options.timeoutMs, () => stop.abort());
  const tooSlow = (): PostResult | null => (stop.signal.aborted ? failed(`The receiver did not answer within ${options.timeoutMs / 1000} seconds.`) : null);
  try {
    const answer = await Promise.race([send(url, options, network, signal), aborted(signal)]);
    return answer.statusCode === null ? (tooSlow() ?? answer) : answer;
  } finally {
    timer.cancel();
    // Ends whatever is still under way: the lookup's result is dropped, the connection closed.
    stop.abort();
  }
}

function failed(error: string): PostResult {
  return { statusCode: null, retryAfter: null, error };
}

function aborted(signal: AbortSignal): Promise<PostResult> {
  const result = failed("Sending was called off.");
  if (signal.aborted) return Promise.resolve(result);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(result), { once: true }));
}

async function send(url: URL, { headers, body }: PostUrlOptions, network: Network, signal: AbortSignal): Promise<PostResult> {
  const target = await resolveTarget(url, network);
  if ("refusal" in target) return failed(refusals[target.refusal]);
  return new Promise((resolve) => {
    const sent = pinnedRequest(url, target.addresses, {
      method: "POST",
      signal,
      headers: { ...headers, "content-length": Buffer.byteLength(body), "user-agent": "comfyui-api" },
    });
    sent.on("response", (response) => {
      const { statusCode = null, headers: answered } = response;
      response.on("error", () => undefined);
      response.destroy();
      resolve({ statusCode, retryAfter: answered["retry-after"] ?? null, error: null });
    });
    sent.on("error", (error) => resolve(failed(describe(error))));
    sent.end(body);
  });
}

/** What the system calls the trouble, without the address that was tried. */
function describe(error: Error): string {
  const code = "code" in error && typeof error.code === "string" && /^[A-Z0-9_]{1,60}$/.test(error.code) ? ` (${error.code})` : "";
  return `The receiver could not be reached, or broke off${code}.`;
}
