/** How much an image unpacks to. */
export interface ImageExtent {
  /** The longest there is, where a file holds several images. */
  readonly width: number;
  readonly height: number;
  /** What is unpacked together. */
  readonly pixels: number;
}

export function extentOf(width: number, height: number): ImageExtent {
  return { width, height, pixels: width * height };
}

/** Of several images of which a reader unpacks one; null for none. */
export function largest(sizes: readonly ImageExtent[]): ImageExtent | null {
  if (sizes.length === 0) return null;
  return sizes.reduce((a, b) => ({ width: Math.max(a.width, b.width), height: Math.max(a.height, b.height), pixels: Math.max(a.pixels, b.pixels) }));
}

/** Of several images that a reader unpacks all; null for none. */
export function together(sizes: readonly ImageExtent[]): ImageExtent | null {
  const all = largest(sizes);
  return all === null ? null : { ...all, pixels: sizes.reduce((sum, { pixels }) => sum + pixels, 0) };
}
