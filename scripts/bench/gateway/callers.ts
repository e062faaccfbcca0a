import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import { z } from "zod";
import { Caller } from "./http-call.ts";

/** Someone who wants a picture of a graph: sends the graph, waits, and takes the bytes. */
export interface PictureCaller {
  /** @returns the bytes of the picture */
  picture(seed: number): Promise<number>;
  close(): void;
}

/** About the size of a usual graph's JSON, with one output. */
function graphOf(seed: number): object {
  return {
    "1": { class_type: "EmptyImage", inputs: { width: 64, height: 64, batch_size: 1, color: seed % 16_777_216 } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "bench" } },
  };
}

/** Through the gateway: one request. */
export function gatewayCaller(url: string): PictureCaller {
  const caller = new Caller(url);
  return {
    picture: async (seed) => (await caller.call("POST", "/v1/jobs", { accept: "image/png", body: JSON.stringify({ graph: graphOf(seed) }) })).bytes,
    close: () => caller.close(),
  };
}

const endMessage = z.object({ type: z.literal("executing"), data: z.object({ node: z.null(), prompt_id: z.string() }) });
const historySchema = z.record(
  z.string(),
  z.object({ outputs: z.record(z.string(), z.object({ images: z.array(z.object({ filename: z.string(), subfolder: z.string(), type: z.string() })) })) }),
);

/** To ComfyUI itself, as its own front end does it: socket, POST /prompt, GET /history, GET /view. One socket for all, so that it costs the least. */
export async function directCaller(url: string): Promise<PictureCaller> {
  const caller = new Caller(url);
  const clientId = randomUUID();
  const waiting = new Map<string, () => void>();
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws?clientId=${clientId}`);
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  socket.on("message", (data, isBinary) => {
    if (isBinary || !Buffer.isBuffer(data)) return;
    const ended = endMessage.safeParse(JSON.parse(data.toString("utf8")));
    if (ended.success) waiting.get(ended.data.data.prompt_id)?.();
  });
  return {
    async picture(seed) {
      const promptId = randomUUID();
      const ended = new Promise<void>((resolve) => waiting.set(promptId, resolve));
      await caller.call("POST", "/prompt", { body: JSON.stringify({ prompt: graphOf(seed), prompt_id: promptId, client_id: clientId }) });
      await ended;
      waiting.delete(promptId);
      const history = historySchema.parse(JSON.parse((await caller.call("GET", `/history/${promptId}`)).text));
      const image = Object.values(history[promptId]?.outputs ?? {})[0]?.images[0];
      if (image === undefined) throw new Error("the history names no picture");
      return (await caller.call("GET", `/view?${new URLSearchParams(image).toString()}`)).bytes;
    },
    close() {
      socket.terminate();
      caller.close();
    },
  };
}
