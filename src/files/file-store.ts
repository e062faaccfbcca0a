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
  /** So much of it may be held in memory, to be written in one piece and read again at once. Default: little, for many come at once. */
  readonly holdBytes?: number;
  /** Nobody but the store reads the pieces once they are handed over: it may give their memory back. Default: no. */
  readonly givesPieces?: boolean;
  /** The name it came with: a hint for its type where the content does not tell. Never used as a path. */
  readonly filename?: string;
}

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ListUnused {
  /** Milliseconds since the epoch. */
  readonly usedBefore: number;
  /** Where the walk stands: null at its beginning, then what the last call gave as `next`. */
  readonly after: string | null;
  /** Files that one call looks at. */
  readonly limit: number;
}

/** Content-addressed files on disk: inputs and outputs alike. */
export interface FileStore {
  /** Holds what is small and streams the rest to a temporary file, while hashing, then renames: a file is there whole or not at all. AppError `storage_failed` when the disk refuses. */
  put(content: Readable | AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredFile>;
  /** Counts as a use of the file: whoever asks is about to need it. */
  describe(id: string): Promise<StoredFile | null>;
  /** The bytes, streamed. Rejects with AppError `file_not_found`. */
  read(id: string, range?: ByteRange): Promise<Readable>;
  /** All bytes at once, in memory that is the caller's: cheaper than a stream, for a file known to be small. Rejects with AppError `file_not_found`. */
  bytes(id: string): Promise<Uint8Array>;
  /** A file-backed Blob for a multipart upload. Rejects with AppError `file_not_found`. */
  blob(id: string): Promise<Blob>;
  /** Bytes of all files that are kept. */
  usage(): Promise<number>;
  /** The next files, in the order of their ids, that were neither put nor described since `usedBefore`; `next` is null at the end. */
  listUnused(query: ListUnused): Promise<{ readonly ids: readonly string[]; readonly next: string | null }>;
  /**
   * Removes a file unless it was put or described since `usedBefore` (milliseconds since the epoch). A stream that is open reads on to its
   * end. Resolves the bytes freed, null when the file was used since.
   */
  remove(id: string, params: { readonly usedBefore: number }): Promise<number | null>;
  /** Proves that a write reaches the medium. */
  ping(): Promise<void>;
}
