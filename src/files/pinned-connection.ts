import { lookup } from "node:dns/promises";
import { request as requestPlain, type ClientRequest, type RequestOptions } from "node:http";
import { request as requestSecure } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { publicAddressCheck } from "./public-address.ts";

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** How names become addresses, and which of those may be reached. */
export interface Network {
  readonly resolve: (hostname: string) => Promise<readonly ResolvedAddress[]>;
  readonly mayReach: (address: string) => boolean;
}

/** The system's resolver, and public addresses only unless private ones are allowed. */
export function systemNetwork(allowPrivateAddresses: boolean): Network {
  return {
    resolve: (hostname) => lookup(hostname, { all: true }),
    mayReach: allowPrivateAddresses ? () => true : publicAddressCheck(),
  };
}

/** Why nothing is sent to a URL that a caller gave. */
export type Refusal =
  /** `http:` where it is not allowed. */
  | "plain"
  /** Neither `https:` nor `http:`. */
  | "scheme"
  /** A user name or password is in it. */
  | "credentials"
  /** One of its addresses may not be reached. */
  | "private"
  /** The name has no address. */
  | "no-address"
  /** The name could not be looked up. */
  | "not-found";

export type Target =
  | { readonly addresses: readonly ResolvedAddress[] }
  | { readonly refusal: Refusal; readonly cause?: unknown };

/** What can be said of a URL without asking anyone: null when nothing speaks against it. */
export function refusalOf(url: URL, allowPlain: boolean): Exclude<Refusal, "no-address" | "not-found" | "private"> | null {
  const isPlain = url.protocol === "http:";
  if (url.protocol !== "https:" && !isPlain) return "scheme";
  if (isPlain && !allowPlain) return "plain";
  return url.username !== "" || url.password !== "" ? "credentials" : null;
}

/** The address that a URL names by number; null when it names a host. */
export function literalAddress(url: URL): ResolvedAddress | null {
  const address = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(address);
  return family === 0 ? null : { address, family };
}

/** Looks the host of a URL up, once, and checks every address it has. */
export async function resolveTarget(url: URL, network: Network): Promise<Target> {
  const literal = literalAddress(url);
  let addresses: readonly ResolvedAddress[];
  try {
    addresses = literal === null ? await network.resolve(url.hostname) : [literal];
  } catch (cause) {
    return { refusal: "not-found", cause };
  }
  if (addresses.length === 0) return { refusal: "no-address" };
  // One bad address is enough: a name with a public and a private one is not what it seems.
  return addresses.every(({ address }) => network.mayReach(address)) ? { addresses } : { refusal: "private" };
}

/** Answers every question with the addresses that were checked. */
function pinTo(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const first = addresses[0];
    if (options.all === true) callback(null, [...addresses]);
    else if (first !== undefined) callback(null, first.address, first.family);
  };
}

/** A request on a connection of its own to those addresses and no other: a name that changes its mind gains nothing. Not yet sent. */
export function pinnedRequest(url: URL, addresses: readonly ResolvedAddress[], options: Pick<RequestOptions, "method" | "headers" | "signal">): ClientRequest {
  const request = url.protocol === "https:" ? requestSecure : requestPlain;
  // A shared connection may lead to an address that was checked for someone else, and long ago.
  return request(url, { ...options, agent: false, lookup: pinTo(addresses) });
}
