import type { OwnedFile } from "../../job/file-owners.ts";
import type { Connection } from "./connection.ts";

export const fileOwnerSql = {
  add: "INSERT INTO file_owners (file_id, owner) VALUES (:fileId, :owner) ON CONFLICT DO NOTHING",
  brought: "SELECT 1 FROM file_owners WHERE file_id = :fileId AND owner = :owner",
  asInput: "SELECT 1 FROM input_files JOIN jobs ON jobs.seq = job_seq WHERE file_id = :fileId AND owner = :owner LIMIT 1",
  asOutput: "SELECT 1 FROM outputs JOIN jobs ON jobs.seq = job_seq WHERE sha256 = :fileId AND owner = :owner LIMIT 1",
  forget: "DELETE FROM file_owners WHERE file_id = :fileId",
} as const;

/** Who may know of a file. */
export class FileOwnerTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  add({ fileId, owner }: OwnedFile): void {
    this.#connection.run(fileOwnerSql.add, { fileId, owner });
  }

  owns({ fileId, owner }: OwnedFile): boolean {
    const { brought, asInput, asOutput } = fileOwnerSql;
    return [brought, asInput, asOutput].some((text) => this.#connection.get(text, { fileId, owner }) !== undefined);
  }

  forget(fileIds: readonly string[]): void {
    for (const fileId of fileIds) this.#connection.run(fileOwnerSql.forget, { fileId });
  }
}
