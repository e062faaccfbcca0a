import type { Clock } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import { parseBackendAddress } from "./backend-address.ts";
import { toBackendError } from "./backend-error.ts";
import type { Backend } from "./backend.ts";
import { parseBinaryFrame } from "./binary-frame.ts";
import { cancelPrompt } from "./cancellation.ts";
import { HealthProbe } from "./health.ts";
import { freeMemory } from "./free-memory.ts";
import { ComfyHttp } from "./http-client.ts";
import { uploadInput } from "./input-upload.ts";
import { listModels } from "./model-list.ts";
import { parseSocketMessage, type SocketMessage } from "./messages.ts";
import { readObjectInfo } from "./object-info.ts";
import { downloadOutput } from "./output-download.ts";
import { PromptEvents } from "./prompt-events.ts";
import { ComfySocket } from "./socket.ts";
import { submitPrompt } from "./submission.ts";
import { locatePrompt } from "./whereabouts.ts";

export interface BackendParams {
  /** http(s) URL of the ComfyUI server; may hold `user:password@` and a path that a proxy put before it. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Gives whatever goes wrong its place in the error table. */
async function asBackendError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toBackendError(error);
  }
}

function readMessage(text: string, logger: Logger): SocketMessage | null {
  try {
    return parseSocketMessage(text);
  } catch (error) {
    // A custom node may send anything at all, under any name.
    logger.debug({ err: error, bytes: text.length }, "ignored a message of ComfyUI that cannot be read");
    return null;
  }
}

/** @throws {TypeError} when the URL is not an http(s) URL */
export function createBackend({ url, clock, logger }: BackendParams): Backend {
  const address = parseBackendAddress(url);
  const http = new ComfyHttp({ address, clock });
  const health = new HealthProbe({ http, clock, logger });
  const events = new PromptEvents(logger);
  let lostSockets = 0;
  const socket = new ComfySocket({
    address,
    clock,
    logger,
    listener: {
      opened: () => health.probeNow(),
      text: (text) => {
        const message = readMessage(text, logger);
        if (message === null) return;
        if (message.type === "status") health.noteQueue(message.data.status.exec_info.queue_remaining);
        else events.message(message);
      },
      binary: (frame) => {
        const preview = parseBinaryFrame(frame);
        if (preview === null) logger.debug({ bytes: frame.length }, "ignored a binary frame of ComfyUI");
        else events.preview(preview);
      },
      lost: () => {
        lostSockets += 1;
        events.gap();
        health.probeNow();
      },
    },
  });
  // A ComfyUI that is back gets its socket at once, not at the end of a wait.
  health.onChange(({ reachable }) => {
    if (reachable) socket.hurry();
  });
  return {
    start() {
      health.start();
      socket.start();
    },
    async stop() {
      health.stop();
      http.stop();
      await socket.stop();
    },
    health: () => health.current,
    socketReconnects: () => lostSockets,
    onHealth: (listener) => health.onChange(listener),
    submit: (params) => asBackendError(submitPrompt(http, { ...params, clientId: socket.clientId })),
    locate: (promptId) => asBackendError(locatePrompt(http, promptId)),
    // Whoever subscribes while the socket is down misses the beginning.
    onEvent: (promptId, listener) => events.subscribe(promptId, listener, !socket.isOpen),
    upload: (params) => asBackendError(uploadInput(http, params)),
    download: (file) => asBackendError(downloadOutput(http, file)),
    cancel: (promptId) => asBackendError(cancelPrompt(http, promptId)),
    free: () => asBackendError(freeMemory(http)),
    objectInfo: () => asBackendError(readObjectInfo(http)),
    models: () => asBackendError(listModels(http, address)),
  };
}
