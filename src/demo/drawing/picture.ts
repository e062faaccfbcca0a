import type { Latent, Raster } from "../values.ts";
import { glyphHeight, glyphWidth, isInked } from "./font.ts";
import { scaled } from "./raster.ts";

type Colour = readonly [number, number, number];

/** A small generator, so that a seed always gives the same picture (splitmix64). */
function randomBytes(seed: bigint): () => number {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let mixed = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return Number((mixed ^ (mixed >> 31n)) & 0xffn);
  };
}

/** 256 colours from dark to light to dark again, so that bands of it have no hard edge. */
function palette(next: () => number): Uint8Array {
  const from: Colour = [next() >> 2, next() >> 2, next() >> 1];
  const to: Colour = [128 + (next() >> 1), 96 + (next() >> 1), 96 + (next() >> 1)];
  const colours = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index += 1) {
    const weight = index < 128 ? index / 127 : (255 - index) / 127;
    for (const [channel, start] of from.entries()) colours[index * 3 + channel] = start + ((to[channel] ?? 0) - start) * weight;
  }
  return colours;
}

function paintPattern(width: number, height: number, seed: bigint): Uint8Array {
  const next = randomBytes(seed);
  const colours = palette(next);
  const rgb = new Uint8Array(width * height * 3);
  const size = Math.max(width, height);
  // Fixed point, 16 bits: three to ten bands across the picture in a direction of the seed's choosing.
  const scale = (256 * 65536) / size;
  const stepX = Math.round(scale * (1 + next() / 64) * (next() % 2 === 0 ? 1 : -1));
  const stepY = Math.round(scale * (1 + next() / 64));
  const bend = 1 + (next() % 3);
  const wave = new Int32Array(width);
  for (let x = 0; x < width; x += 1) wave[x] = Math.round(Math.sin((x / size) * Math.PI * 2 * bend) * 40 * 65536);
  const phase = next() << 16;
  for (let y = 0, to = 0; y < height; y += 1) {
    let level = phase + stepY * y;
    for (let x = 0; x < width; x += 1, to += 3) {
      const colour = (((level + (wave[x] ?? 0)) >> 16) & 0xff) * 3;
      rgb[to] = colours[colour] ?? 0;
      rgb[to + 1] = colours[colour + 1] ?? 0;
      rgb[to + 2] = colours[colour + 2] ?? 0;
      level += stepX;
    }
  }
  return rgb;
}

function mixIn(rgb: Uint8Array, source: Raster): void {
  for (let at = 0; at < rgb.length; at += 1) rgb[at] = ((rgb[at] ?? 0) + (source.rgb[at] ?? 0) * 3) >> 2;
}

/** Breaks at spaces where it can; words longer than a line are cut. */
export function wrapText(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split(/\r?\n/)) {
    let line = "";
    for (const word of paragraph.split(/\s+/)) {
      let rest = word;
      if (line !== "" && [...line, " ", ...rest].length > columns) {
        lines.push(line);
        line = "";
      }
      for (; [...rest].length > columns; rest = [...rest].slice(columns).join("")) lines.push([...rest].slice(0, columns).join(""));
      line = line === "" ? rest : `${line} ${rest}`;
    }
    if (line !== "") lines.push(line);
  }
  return lines;
}

function darken(raster: Raster, top: number, bottom: number): void {
  const end = Math.min(bottom, raster.height) * raster.width * 3;
  for (let at = Math.max(0, top) * raster.width * 3; at < end; at += 1) raster.rgb[at] = (raster.rgb[at] ?? 0) >> 2;
}

function inkPixel(raster: Raster, x: number, y: number, scale: number): void {
  for (let row = y; row < Math.min(y + scale, raster.height); row += 1) {
    for (let column = x; column < Math.min(x + scale, raster.width); column += 1) {
      raster.rgb.fill(255, (row * raster.width + column) * 3, (row * raster.width + column) * 3 + 3);
    }
  }
}

function writeLine(raster: Raster, line: string, left: number, top: number, scale: number): void {
  let x = left;
  for (const character of line) {
    for (let row = 0; row < glyphHeight; row += 1) {
      for (let column = 0; column < glyphWidth; column += 1) {
        if (isInked(character, column, row)) inkPixel(raster, x + column * scale, top + row * scale, scale);
      }
    }
    x += (glyphWidth + 1) * scale;
  }
}

/** Writes `text`, wrapped, over a dark band at the top, as large as reads well and as much of it as fits above `caption`. */
export function writeText(raster: Raster, text: string, caption: string): void {
  const scale = Math.max(1, Math.round(raster.width / 260));
  const margin = 3 * scale;
  const lineHeight = (glyphHeight + 3) * scale;
  const columns = Math.floor((raster.width - 2 * margin) / ((glyphWidth + 1) * scale));
  const rows = Math.floor((raster.height - 2 * margin) / lineHeight) - 1;
  if (columns < 1) return;
  const lines = [...wrapText(text, columns).slice(0, Math.max(0, rows)), caption.slice(0, columns)];
  darken(raster, 0, lines.length * lineHeight + 2 * margin);
  for (const [index, line] of lines.entries()) writeLine(raster, line, margin, margin + index * lineHeight, scale);
}

/** What decoding a latent shows: a pattern of its seed, the pictures it came from if any, its prompt and its seed to read. */
export function drawLatent(latent: Latent): readonly Raster[] {
  const { width, height, batch, text, pixels } = latent;
  const seed = latent.seed ?? 0n;
  return Array.from({ length: batch }, (_, index) => {
    const rgb = paintPattern(width, height, BigInt.asUintN(64, seed + BigInt(index) * 0x51ed270b1n));
    const source = pixels?.[index] ?? pixels?.at(-1);
    if (source !== undefined) mixIn(rgb, scaled(source, width, height));
    const raster = { width, height, rgb };
    writeText(raster, text, batch > 1 ? `seed ${seed}  #${index + 1}` : `seed ${seed}`);
    return raster;
  });
}
