import { Readable } from "node:stream";
import { AppError } from "../errors/app-error.ts";
import type { Clock, Timer } from "../telemetry/clock.ts";
import { toBackendError, unexpectedStatus } from "./backend-error.ts";
import { ConnectionFault } from "./connection-fault.ts";
import type { UiFile } from "./history.ts";
import type { ComfyHttp } from "./http-client.ts";
import { timeoutsMs } from "./timeouts.ts";

/** No such file, a name /view refuses, a folder it does not open (comfyui-protocol.md §1.5). */
const unavailableStatuses = [400, 403, 404];

/**
 * The body of an answer as it arrives. Fails with AppError `comfyui_unreachable` when the connection breaks or
 * stands still; time that the reader itself takes is not counted.
 */
class AnswerStream extends Readable {
  readonly #body: Readable;
  readonly #clock: Clock;
  #limit: Timer | null = null;

  constructor(body: Readable, clock: Clock) {
    super();
    this.#body = body;
    this.#clock = clock;
    body.on("data", (piece: Buffer) => this.#arrived(piece));
    body.once("end", () => this.#arrived(null));
    body.once("error", (error) => this.destroy(toBackendError(ConnectionFault.from(error))));
    body.pause();
  }

  override _read(): void {
    const idleMs = timeoutsMs.downloadIdle;
    this.#limit ??= this.#clock.after(idleMs, () => this.#body.destroy(ConnectionFault.timeout(idleMs)));
    this.#body.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#unlimit();
    this.#body.destroy();
    callback(error);
  }

  #arrived(piece: Buffer | null): void {
    this.#unlimit();
    if (!this.push(piece)) this.#body.pause();
  }

  #unlimit(): void {
    this.#limit?.cancel();
    this.#limit = null;
  }
}

/** GET /view, streamed: nothing is held but the piece under way. */
export async function downloadOutput(http: ComfyHttp, clock: Clock, file: UiFile): Promise<Readable> {
  const query = { filename: file.filename, subfolder: file.subfolder, type: file.type };
  const answer = await http.open("/api/view", { query, timeoutMs: timeoutsMs.downloadIdle });
  if (answer.status === 200) return new AnswerStream(answer.body, clock);
  answer.body.destroy();
  if (unavailableStatuses.includes(answer.status)) {
    throw new AppError("output_unavailable", `ComfyUI does not have the output ${JSON.stringify(file.filename)} any more, or does not give it out.`);
  }
  throw unexpectedStatus(answer.status, "it was asked for an output");
}
