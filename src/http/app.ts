import { OpenAPIHono } from "@hono/zod-openapi";
import { docsPage } from "../web/docs-page.ts";
import type { HttpDeps } from "./deps.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import { answerThrown } from "./middleware/problems.ts";
import { requestLog } from "./middleware/request-log.ts";
import { securityHeaders } from "./middleware/security-headers.ts";
import { cachedOpenApiText } from "./openapi/document.ts";
import type { HttpEnv, RouteDeps } from "./route.ts";
import { routes } from "./routes/all.ts";
import { atWorkflowPath } from "./routes/run-workflow.ts";

export type HttpApp = OpenAPIHono<HttpEnv>;

/** The whole HTTP interface (design.md §2). Its `fetch` answers a request; whoever has a socket may serve it. */
export function createHttpApp(deps: HttpDeps): HttpApp {
  const parts: RouteDeps = { ...deps, docs: docsPage(deps.docsAssets), openApiText: cachedOpenApiText(deps.version, deps.workflows) };
  const app: HttpApp = new OpenAPIHono<HttpEnv>();
  app.onError(answerThrown);
  app.use(securityHeaders, requestLog(deps));
  for (const { config, pattern, handle } of routes) {
    app.on(config.method.toUpperCase(), pattern, (c) => {
      c.set("route", pattern);
      return handle(c, parts);
    });
  }
  for (const [pattern, same] of Map.groupBy(routes, (route) => route.pattern)) {
    const methods = same.map(({ config }) => config.method.toUpperCase());
    app.all(pattern, (c) => methodNotAllowed(c, methods));
  }
  app.all("*", (c) => atWorkflowPath(c, parts));
  return app;
}
