import { unescape } from "node:querystring";

/** Where a ComfyUI server is, and what opens its door. Nothing of it may reach an error or a log line. */
export interface BackendAddress {
  /** Value of the Authorization header, when the URL carried a user and password. */
  readonly authorization: string | null;
  /** Whether it is reached over loopback, so that a path it names is a path of this machine. */
  readonly onThisMachine: boolean;
  /** @param path from `/api/` on */
  http(path: string, query?: Readonly<Record<string, string>>): string;
  socket(clientId: string): string;
}

/** As the URL parser writes hosts: in lower case, an IPv4 address with its four numbers, an IPv6 address in brackets. */
const loopback = /^(?:(?:.+\.)?localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Takes a base URL apart: `user:password@` becomes Basic authorization, since errors and logs tell of a URL that holds
 * credentials; a path is kept as the prefix a reverse proxy gave.
 *
 * @throws {TypeError} when `url` is not an http or https URL; the message never holds the URL
 */
export function parseBackendAddress(url: string): BackendAddress {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) {
    throw new TypeError("The address of ComfyUI must be an http:// or https:// URL");
  }
  const hasCredentials = parsed.username !== "" || parsed.password !== "";
  const credentials = `${unescape(parsed.username)}:${unescape(parsed.password)}`;
  const prefix = parsed.pathname.replace(/\/+$/, "");
  const base = `${parsed.protocol}//${parsed.host}${prefix}`;
  const withQuery = (address: string, query: Readonly<Record<string, string>>): string => {
    const search = new URLSearchParams(query).toString();
    return search === "" ? address : `${address}?${search}`;
  };
  return {
    authorization: hasCredentials ? `Basic ${Buffer.from(credentials, "utf8").toString("base64")}` : null,
    onThisMachine: loopback.test(parsed.hostname),
    http: (path, query = {}) => withQuery(base + path, query),
    socket: (clientId) => withQuery(`${base.replace(/^http/, "ws")}/api/ws`, { clientId }),
  };
}
