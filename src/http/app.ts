import { OpenAPIHono } from "@hono/zod-openapi";
import { anyone } from "../access/caller.ts";
import { docsPage } from "../web/docs-page.ts";
import { admit } from "./admit.ts";
import type { HttpDeps } from "./deps.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import { browserGuard } from "./middleware/browser-guard.ts";
import { endRefusedUploads } from "./middleware/end-refused-uploads.ts";
import { answerThrown } from "./middleware/problems.ts";
import { requestLog } from "./middleware/request-log.ts";
import { requestTrace } from "./middleware/request-trace.ts";
import { securityHeaders } from "./middleware/security-headers.ts";
import { cachedOpenApiText } from "./openapi/document.ts";
import type { HttpContext, HttpEnv, Route, RouteDeps } from "./route.ts";
import { routes } from "./routes/all.ts";
import { atWorkflowPath } from "./routes/run-workflow.ts";
import { scopedDeps } from "./scoped-deps.ts";

export type HttpApp = OpenAPIHono<HttpEnv>;

/** The whole HTTP interface (design.md §2). Its `fetch` answers a request; whoever has a socket may serve it. */
export function createHttpApp(deps: HttpDeps): HttpApp {
  const parts: Omit<RouteDeps, "caller"> = {
    ...deps,
    queueHint: { mayBeFull: false },
    docs: docsPage(deps.docsAssets),
    openApiText: cachedOpenApiText(deps.version, deps.workflows),
  };
  // Without keys every caller has the same.
  const shared: Shared = { parts, ofAnyone: scopedDeps(parts, anyone) };
  const app: HttpApp = new OpenAPIHono<HttpEnv>();
  app.onError(answerThrown);
  app.use(endRefusedUploads(deps), securityHeaders, requestLog(deps));
  if (deps.requestTracer !== undefined) app.use(requestTrace(deps.requestTracer));
  app.use(browserGuard(deps.access));
  for (const route of routes) {
    app.on(route.config.method.toUpperCase(), route.pattern, (c) => {
      c.set("route", route.pattern);
      return admitted(c, shared, route);
    });
  }
  for (const [pattern, same] of Map.groupBy(routes, (route) => route.pattern)) {
    const methods = same.map(({ config }) => config.method.toUpperCase());
    app.all(pattern, (c) => methodNotAllowed(c, methods));
  }
  app.all("*", (c) => admitted(c, shared, { needs: c.req.method === "POST" ? "run" : "read", handle: atWorkflowPath }));
  return app;
}

interface Shared {
  readonly parts: Omit<RouteDeps, "caller">;
  readonly ofAnyone: RouteDeps;
}

type Admitted = Pick<Route, "needs" | "takesLink" | "handle">;

/** Every route is reached through here: who may not is answered, who may gets the parts as far as they are there for him. */
function admitted(c: HttpContext, { parts, ofAnyone }: Shared, route: Admitted): Response | Promise<Response> {
  const caller = admit(c, parts, route);
  if (caller instanceof Response) return caller;
  return route.handle(c, caller === anyone ? ofAnyone : scopedDeps(parts, caller));
}
