export interface OwnedFile {
  /** Id in the file store. */
  readonly fileId: string;
  readonly owner: string;
}

/**
 * Who brought a file in. Files are kept by content, once for everybody: that somebody has one must not tell another that
 * it is there.
 */
export interface FileOwners {
  /** Again for the same file: no change. */
  addFileOwner(params: OwnedFile): Promise<void>;

  /** Whether the owner brought it in, or a job of the owner's has it as input or output. */
  ownsFile(params: OwnedFile): Promise<boolean>;

  /** For files that are removed. */
  forgetFileOwners(fileIds: readonly string[]): Promise<void>;
}
