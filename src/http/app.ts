import { OpenAPIHono } from "@hono/zod-openapi";
import { anyone } from "../access/caller.ts";
import { AppError } from "../errors/app-error.ts";
import { docsPage } from "../web/docs-page.ts";
import { admit } from "./admit.ts";
import type { HttpDeps } from "./deps.ts";
import { throughDoor } from "./door/door.ts";
import { FirstMatchRouter } from "./first-match-router.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import { problemAnswer } from "./problem-answer.ts";
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
  const app: HttpApp = new OpenAPIHono<HttpEnv>({ router: new FirstMatchRouter() });
  app.onError((error, c) => problemAnswer(c, AppError.from(error)));
  for (const route of routes) {
    app.on(
      route.config.method.toUpperCase(),
      route.pattern,
      throughDoor(deps, (c) => {
        c.set("route", route.pattern);
        return admitted(c, shared, route);
      }),
    );
  }
  for (const [pattern, same] of Map.groupBy(routes, (route) => route.pattern)) {
    const methods = same.map(({ config }) => config.method.toUpperCase());
    app.all(pattern, throughDoor(deps, (c) => methodNotAllowed(c, methods)));
  }
  app.all("*", throughDoor(deps, (c) => admitted(c, shared, { needs: c.req.method === "POST" ? "run" : "read", handle: atWorkflowPath })));
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
