import type { Readable } from "node:stream";

/** A file kept by us, known by its content. */
export interface StoredFile {
  /** SHA-256 of the content, 64 lower-case hex digits. */
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  /** Without a dot, lower case: `png`; `bin` when unknown. */
  readonly extension: string;
}

export interface PutOptions {
  /** More than this many bytes → AppError `payload_too_large`, and nothing is kept. */
  readonly maxBytes: number;
  /** The name it came with: a hint for its type where the content does not tell. Never used as a path. */
  readonly filename?: string;
}

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Content-addressed files on disk: inputs and outputs alike. */
export interface FileStore {
  /** Streams to a temporary file while hashing, then renames: a file is there whole or not at all. AppError `storage_failed` when the disk refuses. */
  put(content: Readable | AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredFile>;
  describe(id: string): Promise<StoredFile | null>;
  /** The bytes, streamed. Rejects with AppError `file_not_found`. */
  read(id: string, range?: ByteRange): Promise<Readable>;
  /** A file-backed Blob for a multipart upload. Rejects with AppError `file_not_found`. */
  blob(id: string): Promise<Blob>;
  /** Proves that a write reaches the medium. */
  ping(): Promise<void>;
}
