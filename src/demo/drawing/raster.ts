import type { Raster } from "../values.ts";

/** @param colour 0xRRGGBB */
export function solid(width: number, height: number, colour: number): Raster {
  const rgb = new Uint8Array(width * height * 3);
  const pixel = [(colour >> 16) & 0xff, (colour >> 8) & 0xff, colour & 0xff];
  if (pixel.every((level) => level === pixel[0])) rgb.fill(pixel[0] ?? 0);
  else for (let at = 0; at < rgb.length; at += 3) rgb.set(pixel, at);
  return { width, height, rgb };
}

export function inverted({ width, height, rgb }: Raster): Raster {
  return { width, height, rgb: rgb.map((level) => 255 - level) };
}

/** Nearest neighbour, whatever method was asked for: nobody judges the quality of a stand-in. */
export function scaled(raster: Raster, width: number, height: number): Raster {
  if (raster.width === width && raster.height === height) return raster;
  const rgb = new Uint8Array(width * height * 3);
  const columns = Int32Array.from({ length: width }, (_, x) => Math.min(raster.width - 1, Math.floor(((x + 0.5) * raster.width) / width)) * 3);
  for (let y = 0, to = 0; y < height; y += 1) {
    const row = Math.min(raster.height - 1, Math.floor(((y + 0.5) * raster.height) / height)) * raster.width * 3;
    for (let x = 0; x < width; x += 1, to += 3) {
      const from = row + (columns[x] ?? 0);
      rgb[to] = raster.rgb[from] ?? 0;
      rgb[to + 1] = raster.rgb[from + 1] ?? 0;
      rgb[to + 2] = raster.rgb[from + 2] ?? 0;
    }
  }
  return { width, height, rgb };
}

/** The middle of the picture in the proportions of `width` to `height`. */
export function croppedTo(raster: Raster, width: number, height: number): Raster {
  const wanted = width / height;
  const cropWidth = Math.max(1, Math.min(raster.width, Math.round(raster.height * wanted)));
  const cropHeight = Math.max(1, Math.min(raster.height, Math.round(raster.width / wanted)));
  const left = (raster.width - cropWidth) >> 1;
  const top = (raster.height - cropHeight) >> 1;
  const rgb = new Uint8Array(cropWidth * cropHeight * 3);
  for (let y = 0; y < cropHeight; y += 1) {
    const from = ((top + y) * raster.width + left) * 3;
    rgb.set(raster.rgb.subarray(from, from + cropWidth * 3), y * cropWidth * 3);
  }
  return { width: cropWidth, height: cropHeight, rgb };
}

/** Running means along one direction; edges repeat. */
function boxPass(source: Uint8Array, target: Uint8Array, radius: number, line: { length: number; step: number }, starts: Iterable<number>): void {
  const span = 2 * radius + 1;
  const last = (line.length - 1) * line.step;
  for (const start of starts) {
    for (let channel = start; channel < start + 3; channel += 1) {
      let sum = 0;
      for (let offset = -radius; offset <= radius; offset += 1) sum += source[channel + Math.min(Math.max(offset * line.step, 0), last)] ?? 0;
      for (let index = 0; index < line.length; index += 1) {
        target[channel + index * line.step] = sum / span;
        const leaving = Math.max((index - radius) * line.step, 0);
        const entering = Math.min((index + radius + 1) * line.step, last);
        sum += (source[channel + entering] ?? 0) - (source[channel + leaving] ?? 0);
      }
    }
  }
}

function* lineStarts(count: number, step: number): Generator<number> {
  for (let index = 0; index < count; index += 1) yield index * step;
}

/** Box blur: each pixel the mean of the square of 2·radius+1 around it. */
export function blurred(raster: Raster, radius: number): Raster {
  const { width, height, rgb } = raster;
  const across = new Uint8Array(rgb.length);
  boxPass(rgb, across, radius, { length: width, step: 3 }, lineStarts(height, width * 3));
  const result = new Uint8Array(rgb.length);
  boxPass(across, result, radius, { length: height, step: width * 3 }, lineStarts(width, 3));
  return { width, height, rgb: result };
}

/** Adds `amount` times what a blur takes away. */
export function sharpened(raster: Raster, radius: number, amount: number): Raster {
  const soft = blurred(raster, radius).rgb;
  const rgb = new Uint8ClampedArray(raster.rgb.length);
  for (let at = 0; at < rgb.length; at += 1) {
    const level = raster.rgb[at] ?? 0;
    rgb[at] = level + (level - (soft[at] ?? 0)) * amount;
  }
  return { width: raster.width, height: raster.height, rgb: Uint8Array.from(rgb) };
}
