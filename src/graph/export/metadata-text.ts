/** One piece of text that a media file carries beside its content. */
export interface MetadataText {
  /** As the file names it: `prompt`, `WORKFLOW`, `comment`; "" where it has no name. */
  readonly key: string;
  readonly text: string;
}

/**
 * Of all text of one file together, inflated. The largest workflows known are some 10 MB, with pictures in them;
 * a compressed chunk of a few KB could hold gigabytes.
 */
export const maxMetadataBytes = 64 * 1024 * 1024;
