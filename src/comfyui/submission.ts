import { z } from "zod";
import type { Graph } from "../graph/graph.ts";
import { parsePythonJson, stringifyJson } from "../json/exact.ts";
import type { Submission } from "./backend.ts";
import { unexpectedBody, unexpectedStatus } from "./backend-error.ts";
import { cancelPrompt } from "./cancellation.ts";
import { ConnectionFault } from "./connection-fault.ts";
import type { Answer, ComfyHttp } from "./http-client.ts";
import { nodeErrorsSchema, parseRejection, refusedOutputs } from "./rejection.ts";
import { timeoutsMs } from "./timeouts.ts";

const doing = "it was given a graph";

const acceptedSchema = z.looseObject({ prompt_id: z.string(), node_errors: nodeErrorsSchema.catch({}) });

type Accepted = z.infer<typeof acceptedSchema>;

/** The answer to nearly every graph, told in a fraction of the time. The schema reads all others. */
function isPlainlyAccepted(body: unknown): body is Accepted {
  if (typeof body !== "object" || body === null || !("prompt_id" in body) || !("node_errors" in body)) return false;
  const { prompt_id: promptId, node_errors: errors } = body;
  return typeof promptId === "string" && typeof errors === "object" && errors !== null && !Array.isArray(errors) && Object.keys(errors).length === 0;
}

function parseAccepted(text: string): Accepted | Error {
  try {
    const body = parsePythonJson(text);
    if (isPlainlyAccepted(body)) return body;
    const parsed = acceptedSchema.safeParse(body);
    return parsed.success ? parsed.data : parsed.error;
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

async function readAnswer(http: ComfyHttp, answer: Answer, params: { readonly graph: Graph; readonly promptId: string }): Promise<Submission> {
  const { status, text } = answer;
  if (status === 200) {
    const accepted = parseAccepted(text);
    if (accepted instanceof Error) return { outcome: "unknown", cause: unexpectedBody(doing, accepted) };
    if (accepted.prompt_id !== params.promptId) {
      // Older servers make up an id of their own. Nothing could be followed under it: take the prompt back.
      await cancelPrompt(http, accepted.prompt_id);
      return { outcome: "rejected", detail: "This ComfyUI does not keep the prompt id it is given. Update it to 0.3.64 or newer.", errors: [] };
    }
    return { outcome: "accepted", refused: refusedOutputs(accepted.node_errors, params.graph) };
  }
  if (status === 400) return { outcome: "rejected", ...parseRejection(text, params.graph) };
  if (status === 413) {
    return { outcome: "rejected", detail: "The graph is larger than ComfyUI takes: raise its --max-upload-size, or send large values as files.", errors: [] };
  }
  const cause = unexpectedStatus(status, doing);
  // A 500 can come after the graph was queued (comfyui-protocol.md §3.2), and a proxy's 502 after it was passed on.
  // Any other status is a door that stayed shut: ComfyUI itself answers POST /prompt with none of them.
  return status >= 500 || status < 300 ? { outcome: "unknown", cause } : { outcome: "not-sent", cause };
}

/**
 * POST /prompt, once. Never sends `number`: together with a repeated prompt id it kills ComfyUI's worker
 * (comfyui-protocol.md §3.2).
 */
export async function submitPrompt(
  http: ComfyHttp,
  params: { readonly graph: Graph; readonly promptId: string; readonly clientId: string; readonly written?: () => void },
): Promise<Submission> {
  const body = stringifyJson({ prompt: params.graph, prompt_id: params.promptId, client_id: params.clientId });
  let answer: Answer;
  try {
    answer = await http.call("/api/prompt", { method: "POST", body, timeoutMs: timeoutsMs.submit, ...(params.written === undefined ? {} : { written: params.written }) });
  } catch (error) {
    if (!(error instanceof ConnectionFault)) throw error;
    return { outcome: error.mayHaveArrived ? "unknown" : "not-sent", cause: error };
  }
  return readAnswer(http, answer, params);
}
