import type { ServerLife } from "../server-life.ts";
import { methodNotAllowed, unknownPath, type Answer } from "./answer.ts";
import type { Request } from "./request.ts";

export interface Route {
  readonly method: "GET" | "POST";
  /** Segments in braces match any one segment. */
  readonly path: string;
  readonly handle: (request: Request, life: ServerLife) => Answer | Promise<Answer>;
}

interface Pattern {
  readonly route: Route;
  readonly segments: readonly string[];
}

/** Matches the segments of a path against a pattern's. @returns its decoded parameters, or null */
function matched(pattern: readonly string[], given: readonly string[]): Readonly<Record<string, string>> | null {
  if (pattern.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (let index = 0; index < pattern.length; index += 1) {
    const segment = pattern[index] ?? "";
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

/** Finds the handler of a request. Every route also answers below `/api` (comfyui-protocol.md §1.0). */
export class Router {
  /** By path, those without a parameter. */
  readonly #exact: ReadonlyMap<string, readonly Route[]>;
  readonly #patterns: readonly Pattern[];

  constructor(routes: readonly Route[]) {
    const [patterns, exact] = [routes.filter(({ path }) => path.includes("{")), routes.filter(({ path }) => !path.includes("{"))];
    this.#exact = Map.groupBy(exact, ({ path }) => path);
    this.#patterns = patterns.map((route) => ({ route, segments: route.path.split("/") }));
  }

  dispatch(request: Omit<Request, "params">, life: ServerLife): Answer | Promise<Answer> {
    const method = request.method === "HEAD" ? "GET" : request.method;
    const paths = request.path.startsWith("/api/") ? [request.path, request.path.slice("/api".length)] : [request.path];
    const others: Route[] = [];
    for (const path of paths) {
      for (const route of this.#exact.get(path) ?? []) {
        if (route.method === method) return route.handle({ ...request, path, params: {} }, life);
        others.push(route);
      }
    }
    for (const path of paths) {
      const given = path.split("/");
      for (const { route, segments } of this.#patterns) {
        const params = matched(segments, given);
        if (params === null) continue;
        if (route.method === method) return route.handle({ ...request, path, params }, life);
        others.push(route);
      }
    }
    if (others.length > 0) return methodNotAllowed(methodsOf(others));
    return method === "GET" ? unknownPath : methodNotAllowed(["GET", "HEAD"]);
  }
}

function methodsOf(routes: readonly Route[]): readonly string[] {
  const methods = routes.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return [...new Set(methods)].sort();
}
