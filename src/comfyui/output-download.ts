import { AppError } from "../errors/app-error.ts";
import { toBackendError, unexpectedStatus } from "./backend-error.ts";
import type { UiFile } from "./history.ts";
import type { AnswerBody } from "./http/answer-body.ts";
import type { ComfyHttp } from "./http-client.ts";
import { timeoutsMs } from "./timeouts.ts";

/** No such file, a name /view refuses, a folder it does not open (comfyui-protocol.md §1.5). */
const unavailableStatuses = [400, 403, 404];

/**
 * The bytes of an output as they arrive, in pieces that are the reader's. Fails with AppError `comfyui_unreachable` when the
 * connection breaks or stands still.
 */
class Download implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: AnswerBody;

  constructor(body: AnswerBody) {
    this.#body = body;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      return await this.#body.next();
    } catch (error) {
      throw toBackendError(error);
    }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.#body.return();
  }
}

/** GET /view. A picture comes whole; of a longer file nothing is held but the pieces under way. Must be read, or returned. */
export async function downloadOutput(http: ComfyHttp, file: UiFile): Promise<AsyncIterableIterator<Uint8Array, undefined>> {
  const query = { filename: file.filename, subfolder: file.subfolder, type: file.type };
  const answer = await http.open("/api/view", { query, timeoutMs: timeoutsMs.downloadIdle });
  if (answer.status === 200) return new Download(answer.body);
  answer.body.destroy();
  if (unavailableStatuses.includes(answer.status)) {
    throw new AppError("output_unavailable", `ComfyUI does not have the output ${JSON.stringify(file.filename)} any more, or does not give it out.`);
  }
  throw unexpectedStatus(answer.status, "it was asked for an output");
}
