import { PNG } from "pngjs";

/** 30 × 20 pixels as libheif writes them. */
const avif = Buffer.from("AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAANZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAAA+gABAAAAAAAAACUAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABhdjAxAAAAAA5waXRtAAAAAAABAAAAVmlwcnAAAAA4aXBjbwAAAAxhdjFDgSACAAAAABRpc3BlAAAAAAAAAB4AAAAUAAAAEHBpeGkAAAAAAwgICAAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAAAtbWRhdBIACgg4ETs2kBDQaTIXGUJjBMAANAAAizy9aoPNTbf4F7gCNBA=", "base64");

type Claim = (width: number, height: number) => Buffer;

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(8);
  const body = Buffer.concat(content);
  header.writeUInt32BE(8 + body.length);
  header.write(type, 4, "latin1");
  return Buffer.concat([header, body]);
}

function ispe(width: number, height: number): Buffer {
  const sides = Buffer.alloc(12);
  sides.writeUInt32BE(width, 4);
  sides.writeUInt32BE(height, 8);
  return box("ispe", sides);
}

function fileType(brand: string): Buffer {
  return box("ftyp", Buffer.from(`${brand}\0\0\0\0${brand}mif1`, "latin1"));
}

/** Items of these sizes, in this order. */
export function heicOf(...sizes: readonly (readonly [number, number])[]): Buffer {
  const ipco = box("ipco", ...sizes.map(([width, height]) => ispe(width, height)));
  return Buffer.concat([fileType("heic"), box("meta", Buffer.alloc(4), box("iprp", ipco)), box("mdat", Buffer.alloc(50))]);
}

function avifs(width: number, height: number): Buffer {
  const entry = Buffer.alloc(78);
  entry.writeUInt16BE(width, 24);
  entry.writeUInt16BE(height, 26);
  const table = box("stbl", box("stsd", Buffer.from("0000000000000001", "hex"), box("av01", entry)));
  const moov = box("moov", box("trak", box("mdia", box("minf", table))));
  // The one picture of it that is small.
  return Buffer.concat([fileType("avis"), box("meta", Buffer.alloc(4), box("iprp", box("ipco", ispe(1, 1)))), moov]);
}

interface TiffParts {
  readonly pages: readonly (readonly [number, number])[];
  readonly isLittle?: boolean;
  readonly isBig?: boolean;
  /** Between the header and the first page: the pixels, for most programs. */
  readonly before?: number;
  /** Where the last page leads; 0 ends it. */
  readonly leadsTo?: number;
  /** Of the entries for the sides: 3 short, 4 long, 16 long of BigTIFF. */
  readonly type?: number;
}

/** Pages of these sizes, with an entry each for width and height. */
export function tiffOf({ pages, isLittle = true, isBig = false, before = 0, leadsTo = 0, type = 4 }: TiffParts): Buffer {
  const put = (bytes: Buffer, at: number, size: 2 | 4 | 8, value: number): void => {
    if (size === 8) bytes[isLittle ? "writeBigUInt64LE" : "writeBigUInt64BE"](BigInt(value), at);
    else bytes[isLittle ? "writeUIntLE" : "writeUIntBE"](value, at, size);
  };
  const [wide, header, entry] = isBig ? ([8, 16, 20] as const) : ([4, 8, 12] as const);
  const pageBytes = (isBig ? 8 : 2) + 2 * entry + wide;
  const file = Buffer.alloc(header + before + pages.length * pageBytes + 16);
  file.write(isLittle ? "II" : "MM", "latin1");
  put(file, 2, 2, isBig ? 43 : 42);
  if (isBig) put(file, 4, 2, 8);
  const first = header + before;
  put(file, isBig ? 8 : 4, wide, first);
  for (const [n, sides] of pages.entries()) {
    const at = first + n * pageBytes;
    put(file, at, isBig ? 8 : 2, 2);
    for (const [each, side] of sides.entries()) {
      const where = at + (isBig ? 8 : 2) + each * entry;
      put(file, where, 2, 256 + each);
      put(file, where + 2, 2, type);
      put(file, where + 4, wide, 1);
      put(file, where + 4 + wide, type === 3 ? 2 : type === 16 ? 8 : 4, side);
    }
    put(file, at + pageBytes - wide, wide, n + 1 < pages.length ? at + pageBytes : leadsTo);
  }
  return file;
}

/** Of every kind that is measured while it comes in, a beginning that claims a size. */
export const claims: Readonly<Record<string, Claim>> = {
  png(width, height) {
    const bytes = PNG.sync.write(new PNG({ width: 1, height: 1 }));
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes;
  },
  jpeg(width, height) {
    const frame = Buffer.from("ffc0001108000000000301220002110103110100", "hex");
    frame.writeUInt16BE(height, 5);
    frame.writeUInt16BE(width, 7);
    return Buffer.concat([Buffer.from("ffd8ffe00010", "hex"), Buffer.alloc(14), frame]);
  },
  gif(width, height) {
    const bytes = Buffer.alloc(40);
    bytes.write("GIF89a", "latin1");
    bytes.writeUInt16LE(width, 6);
    bytes.writeUInt16LE(height, 8);
    return bytes;
  },
  webp(width, height) {
    const bytes = Buffer.alloc(40);
    bytes.write("RIFF\0\0\0\0WEBPVP8X", "latin1");
    bytes.writeUIntLE(width - 1, 24, 3);
    bytes.writeUIntLE(height - 1, 27, 3);
    return bytes;
  },
  bmp(width, height) {
    const bytes = Buffer.alloc(40);
    bytes.write("BM", "latin1");
    bytes.writeUInt32LE(40, 14);
    bytes.writeInt32LE(width, 18);
    bytes.writeInt32LE(-height, 22);
    return bytes;
  },
  "bmp of OS/2"(width, height) {
    const bytes = Buffer.alloc(40);
    bytes.write("BM", "latin1");
    bytes.writeUInt32LE(12, 14);
    bytes.writeUInt16LE(width, 18);
    bytes.writeUInt16LE(height, 20);
    return bytes;
  },
  avif(width, height) {
    const bytes = Buffer.from(avif);
    const at = bytes.indexOf("ispe");
    bytes.writeUInt32BE(width, at + 8);
    bytes.writeUInt32BE(height, at + 12);
    return bytes;
  },
  "avif sequence": avifs,
  heic: (width, height) => heicOf([width, height]),
  "heic whose first picture is small": (width, height) => heicOf([1, 1], [width, height], [2, 2]),
};
