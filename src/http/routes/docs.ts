import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../errors/app-error.ts";
import { docsPolicy } from "../../web/docs-page.ts";
import { textAnswer } from "../answer.ts";
import { problems } from "../declared-responses.ts";
import type { HttpContext, Route, RouteDeps } from "../route.ts";

/** A browser keeps the explorer's files this long; they change only with the executable. */
const cacheSeconds = 3600;

function takesGzip(header: string | undefined): boolean {
  return (header ?? "").split(",").some((item) => /^\s*(gzip|\*)\s*(;\s*q=(1|0\.0*[1-9]).*)?$/i.test(item));
}

function pageFile(c: HttpContext, { docs }: RouteDeps): Response {
  const file = docs.get(c.req.path);
  if (file === undefined) throw new AppError("route_not_found", "The page has no such file.");
  const gzip = takesGzip(c.req.header("Accept-Encoding")) ? file.gzip() : null;
  const body = gzip ?? file.plain();
  return new Response(new Uint8Array(body), {
    headers: {
      "Content-Type": file.contentType,
      "Content-Length": String(body.byteLength),
      "Content-Security-Policy": docsPolicy,
      "Cache-Control": `public, max-age=${cacheSeconds}`,
      Vary: "Accept-Encoding",
      ...(gzip === null ? {} : { "Content-Encoding": "gzip" }),
    },
  });
}

export const docs: Route = {
  needs: "open",
  pattern: "/docs",
  config: createRoute({
    method: "get",
    path: "/docs",
    operationId: "docs",
    tags: ["gateway"],
    summary: "This API in a browser",
    responses: { 200: { description: "The page", content: { "text/html": { schema: { type: "string" } } } }, ...problems() },
  }),
  handle: pageFile,
};

export const docsFile: Route = {
  needs: "open",
  pattern: "/docs/:file",
  config: createRoute({ hide: true, method: "get", path: "/docs/{file}", responses: { 200: { description: "A file of the page" } } }),
  handle: pageFile,
};

export const home: Route = {
  needs: "open",
  pattern: "/",
  config: createRoute({ hide: true, method: "get", path: "/", responses: { 302: { description: "To the page" } } }),
  handle: () => new Response(null, { status: 302, headers: { Location: "/docs" } }),
};

export const openApi: Route = {
  needs: "open",
  pattern: "/openapi.json",
  config: createRoute({
    method: "get",
    path: "/openapi.json",
    operationId: "openapi",
    tags: ["gateway"],
    summary: "This API as OpenAPI 3.1",
    responses: { 200: { description: "The document", content: { "application/json": { schema: { type: "object" } } } }, ...problems() },
  }),
  handle: (_c, { openApiText }) => textAnswer(200, openApiText(), { "Content-Type": "application/json", "Cache-Control": "no-cache" }),
};
