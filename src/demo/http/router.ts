import type { ServerLife } from "../server-life.ts";
import { methodNotAllowed, unknownPath, type Answer } from "./answer.ts";
import type { Request } from "./request.ts";

export interface Route {
  readonly method: "GET" | "POST";
  /** Segments in braces match any one segment. */
  readonly path: string;
  readonly handle: (request: Request, life: ServerLife) => Answer | Promise<Answer>;
}

/** Matches a path against a route's. @returns its decoded parameters, or null */
function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (segment.startsWith("{")) {
      if (value === "") return null;
      params[segment.slice(1, -1)] = decodedSegment(value);
    } else if (segment !== value) return null;
  }
  return params;
}

function decodedSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}

/** Finds the handler; every route also answers below `/api` (comfyui-protocol.md §1.0). */
export async function dispatch(
  routes: readonly Route[],
  request: Omit<Request, "params">,
  life: ServerLife,
): Promise<Answer> {
  const method = request.method === "HEAD" ? "GET" : request.method;
  const paths = request.path.startsWith("/api/") ? [request.path, request.path.slice("/api".length)] : [request.path];
  const allowed = new Set<string>();
  for (const route of routes) {
    for (const path of paths) {
      const params = matchPath(route.path, path);
      if (params === null) continue;
      if (route.method === method) return route.handle({ ...request, path, params }, life);
      allowed.add(route.method);
      if (route.method === "GET") allowed.add("HEAD");
    }
  }
  if (allowed.size > 0) return methodNotAllowed([...allowed].sort());
  return method === "GET" ? unknownPath : methodNotAllowed(["GET", "HEAD"]);
}
