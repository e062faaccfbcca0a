import type { IncomingMessage } from "node:http";
import { Transform, type Readable } from "node:stream";
import { AppError } from "../errors/app-error.ts";
import { systemClock, type Clock } from "../telemetry/clock.ts";
import { pinnedRequest, refusalOf, resolveTarget, systemNetwork, type Network, type Refusal, type ResolvedAddress } from "./pinned-connection.ts";
import { suggestedFilename } from "./suggested-filename.ts";

export interface FetchUrlOptions {
  /** More than this many bytes → AppError `payload_too_large`, at the announcement or while they come. */
  readonly maxBytes: number;
  /** For everything together: name, connection, redirects, and the last byte. */
  readonly timeoutMs: number;
  /** Also fetch from addresses that are not public, and by plain `http:`. */
  readonly allowPrivateAddresses: boolean;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

export interface FetchedFile {
  /** Fails with an AppError: `file_fetch_failed` or `payload_too_large`. Must be read or destroyed. */
  readonly content: Readable;
  /** What the server or the URL calls it: a hint for the type, never a path. */
  readonly filename: string | undefined;
}

/** As many as browsers of old allowed; a file host needs one or two. */
const maxRedirects = 5;

/**
 * Fetches a file that a caller named by its URL. The caller may be hostile: each name is resolved once, every address
 * it has is checked, and the connection is made to those addresses and no other, so that a name that changes its mind
 * gains nothing. The same at each redirect.
 *
 * @throws {AppError} `address_not_allowed`, `file_fetch_failed` or `payload_too_large`
 */
export async function fetchUrl(
  url: URL,
  options: FetchUrlOptions,
  network: Network = systemNetwork(options.allowPrivateAddresses),
): Promise<FetchedFile> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const timer = (options.clock ?? systemClock).after(options.timeoutMs, () => stop.abort(tooSlow(options.timeoutMs)));
  try {
    const { response, finalUrl } = await followRedirects(url, options, network, signal);
    try {
      checkAnswer(response, options.maxBytes);
    } catch (error) {
      response.destroy();
      throw error;
    }
    const content = toContent(response, options.maxBytes, signal);
    content.once("close", () => timer.cancel());
    return { content, filename: suggestedFilename(response.headers["content-disposition"], finalUrl) };
  } catch (error) {
    timer.cancel();
    throw toFetchError(error, signal);
  }
}

async function followRedirects(
  url: URL,
  options: FetchUrlOptions,
  network: Network,
  signal: AbortSignal,
): Promise<{ response: IncomingMessage; finalUrl: URL }> {
  let target = url;
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    checkUrl(target, options.allowPrivateAddresses);
    const addresses = await unlessAborted(() => checkedAddresses(target, network), signal);
    const response = await get(target, addresses, signal);
    const next = redirectTarget(response, target);
    if (next === null) return { response, finalUrl: target };
    response.destroy();
    target = next;
  }
  throw new AppError("file_fetch_failed", `The URL redirects more than ${maxRedirects} times. Give the address it leads to.`);
}

/** What a caller is told. */
const refusals: Readonly<Record<Refusal, readonly ["address_not_allowed" | "file_fetch_failed", string]>> = {
  plain: ["address_not_allowed", "Files are fetched by https: only. Use the https: address."],
  scheme: ["address_not_allowed", "Files are fetched from https: addresses only."],
  credentials: ["address_not_allowed", "A URL with a user name or password in it is not fetched. Upload the file instead."],
  private: ["address_not_allowed", "The URL leads to a private or reserved address, which is not fetched. Upload the file instead."],
  "no-address": ["file_fetch_failed", "The host name of the URL has no address."],
  "not-found": ["file_fetch_failed", "The host name of the URL could not be found."],
};

function refuse(refusal: Refusal, cause?: unknown): AppError {
  return new AppError(...refusals[refusal], { cause });
}

function checkUrl(url: URL, allowPlain: boolean): void {
  const refusal = refusalOf(url, allowPlain);
  if (refusal !== null) throw refuse(refusal);
}

async function checkedAddresses(url: URL, network: Network): Promise<readonly ResolvedAddress[]> {
  const target = await resolveTarget(url, network);
  if ("refusal" in target) throw refuse(target.refusal, target.cause);
  return target.addresses;
}

async function get(url: URL, addresses: readonly ResolvedAddress[], signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = pinnedRequest(url, addresses, { signal, headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "comfyui-api" } });
    sent.on("response", resolve);
    // Also after the answer has begun, when there is nothing left to reject: the answer itself fails then.
    sent.on("error", reject);
    sent.end();
  });
}

function redirectTarget(response: IncomingMessage, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) return null;
  const target = response.headers.location === undefined ? null : URL.parse(response.headers.location, from.href);
  if (target !== null) return target;
  response.destroy();
  throw new AppError("file_fetch_failed", "The server of the URL redirects to nowhere.");
}

function checkAnswer(response: IncomingMessage, maxBytes: number): void {
  if (response.statusCode !== 200) {
    throw new AppError("file_fetch_failed", `The server of the URL answered ${response.statusCode}. Check that the address is right and open to all.`);
  }
  const encoding = response.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new AppError("file_fetch_failed", "The server of the URL sends the file compressed, although asked not to. Upload the file instead.");
  }
  if (Number(response.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

/** The body, counted; whatever goes wrong with it is an AppError. Ends the connection when it is closed, however it is. */
function toContent(response: IncomingMessage, maxBytes: number, signal: AbortSignal): Readable {
  let size = 0;
  const content = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      size += chunk.length;
      if (size > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
  response.on("error", (error) => content.destroy(toFetchError(error, signal)));
  content.once("close", () => response.destroy());
  // Whoever reads it meets the error. Before anyone does, it must not end the process.
  content.on("error", () => {});
  return response.pipe(content);
}

async function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(toFetchError(signal.reason, signal));
    signal.addEventListener("abort", abort, { once: true });
    void work().then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** @param signal when it was aborted, its reason counts and not what broke because of it */
function toFetchError(error: unknown, signal: AbortSignal): AppError {
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (reason instanceof AppError) return reason;
  const detail = signal.aborted ? "Fetching the file was called off." : "The server of the URL could not be reached, or broke off. Check the address and try again.";
  return new AppError("file_fetch_failed", detail, { cause: reason });
}

function tooSlow(timeoutMs: number): AppError {
  return new AppError("file_fetch_failed", `The file behind the URL did not arrive within ${timeoutMs / 1000} seconds. Upload the file instead.`);
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("payload_too_large", `The file behind the URL has more than the ${maxBytes} bytes that are allowed.`);
}
