import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../errors/app-error.ts";
import { problems } from "../declared-responses.ts";
import { problemAnswer } from "../problem-answer.ts";
import { noQuery, readQuery } from "../query.ts";
import { bindingsOf, type Route } from "../route.ts";
import { isOfAnotherSite } from "../site.ts";
import { maxSubscriptions, StreamSession } from "../stream/stream-session.ts";
import { streamPath } from "../stream/messages.ts";

const description = `A page's script, which can set no headers here, gives its API key as a subprotocol: \`new WebSocket(url, ["comfyui-api", "key." + key])\`.

Send \`{"type":"subscribe","job_id":"…","after":0}\` for the events of a job after the one with that id (0, or nothing, for all), or
\`{"type":"subscribe","job_id":"*","after":0}\` for those of all jobs after the one with that \`seq\` (nothing for those to come). At most ${maxSubscriptions} at a time;
a job that is subscribed to again begins again. The gateway sends:

- \`{"type":"subscribed","job_id":"…","after":0}\`
- \`{"type":"event","subscription":"…","event":{…}}\`: the same events that \`GET /v1/jobs/{id}/events\` sends (schema \`JobEvent\`), each once and in order
- \`{"type":"preview","subscription":"…","preview":{"job_id","node_id","content_type","data"}}\`: the newest picture of a job under way, in base64; not with \`*\`
- \`{"type":"unsubscribed","job_id":"…"}\`: after a job's last event, or after \`{"type":"unsubscribe","job_id":"…"}\`
- \`{"type":"error","job_id":"…","problem":{…}}\`: a message that could not be followed (schema \`Problem\`)`;

export const stream: Route = {
  needs: "read",
  pattern: streamPath,
  config: createRoute({
    method: "get",
    path: streamPath,
    operationId: "stream",
    tags: ["jobs"],
    summary: "Events of one job, some or all, on a WebSocket",
    description,
    responses: { 101: { description: "A WebSocket of JSON messages" }, ...problems("invalid_query", "origin_not_allowed", "upgrade_required") },
  }),
  handle(c, deps) {
    readQuery(c, noQuery);
    // A page of another site may open a WebSocket to any address its visitor reaches, and read all of it: nothing but the server stands in the way.
    if (isOfAnotherSite(c, deps.access.allowedOrigins)) throw new AppError("origin_not_allowed", "Only pages of this gateway may open its stream in a browser.");
    const { upgrade } = bindingsOf(c);
    if (upgrade !== undefined) return upgrade((socket) => new StreamSession(socket, deps).start());
    const error = new AppError("upgrade_required", "Open this path as a WebSocket. GET /v1/jobs/{id}/events has the same events over plain HTTP.");
    return problemAnswer(c, error, { headers: { Upgrade: "websocket", Connection: "Upgrade" } });
  },
};
