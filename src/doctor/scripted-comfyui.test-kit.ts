import { createServer } from "node:http";
import { listenLocally } from "../../test/local-server.ts";
import { stringifyJson } from "../json/exact.ts";

/** For tests: a ComfyUI that answers each path with the given status and JSON, and with 404 for all others. @returns its address */
export async function scriptedComfyui(answers: Readonly<Record<string, { readonly status?: number; readonly body: unknown; readonly date?: Date }>>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    response.sendDate = false;
    response.writeHead(answer?.status ?? (answer === undefined ? 404 : 200), { "content-type": "application/json", date: (answer?.date ?? new Date()).toUTCString() });
    response.end(answer === undefined ? "" : typeof answer.body === "string" ? answer.body : stringifyJson(answer.body ?? null));
  });
  return listenLocally(server);
}
