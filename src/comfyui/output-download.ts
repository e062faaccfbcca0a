import { Readable } from "node:stream";
import { AppError } from "../errors/app-error.ts";
import type { Clock } from "../telemetry/clock.ts";
import { toBackendError, unexpectedStatus } from "./backend-error.ts";
import { ConnectionFault } from "./connection-fault.ts";
import type { UiFile } from "./history.ts";
import type { ComfyHttp, OpenAnswer } from "./http-client.ts";
import { timeoutsMs } from "./timeouts.ts";

/** No such file, a name /view refuses, a folder it does not open (comfyui-protocol.md §1.5). */
const unavailableStatuses = [400, 403, 404];

/**
 * The body of an answer as it arrives. Fails with AppError `comfyui_unreachable` when the connection breaks or
 * stands still; time that the reader itself takes is not counted.
 */
class AnswerStream extends Readable {
  readonly #answer: OpenAnswer;
  readonly #clock: Clock;

  constructor(answer: OpenAnswer, clock: Clock) {
    super();
    this.#answer = answer;
    this.#clock = clock;
  }

  override _read(): void {
    void this.#next();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#answer.close();
    callback(error);
  }

  async #next(): Promise<void> {
    const idleMs = timeoutsMs.downloadIdle;
    const timer = this.#clock.after(idleMs, () => this.#answer.close(ConnectionFault.timeout(idleMs)));
    try {
      const piece = await this.#answer.reader?.read();
      if (!this.destroyed) this.push(piece?.value ?? null);
    } catch (error) {
      if (!this.destroyed) this.destroy(toBackendError(ConnectionFault.from(error)));
    } finally {
      timer.cancel();
    }
  }
}

/** GET /view, streamed: nothing is held but the piece under way. */
export async function downloadOutput(http: ComfyHttp, clock: Clock, file: UiFile): Promise<Readable> {
  const query = { filename: file.filename, subfolder: file.subfolder, type: file.type };
  const answer = await http.open("/api/view", { query, timeoutMs: timeoutsMs.downloadIdle });
  if (answer.status === 200) return new AnswerStream(answer, clock);
  answer.close();
  if (unavailableStatuses.includes(answer.status)) {
    throw new AppError("output_unavailable", `ComfyUI does not have the output ${JSON.stringify(file.filename)} any more, or does not give it out.`);
  }
  throw unexpectedStatus(answer.status, "it was asked for an output");
}
