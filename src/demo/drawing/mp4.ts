import type { Raster } from "../values.ts";
import { encodeH264, type H264Stream } from "./h264.ts";

// Box layouts: ISO/IEC 14496-12 and -15.

/** Ticks of a second: fine enough for any frame rate to a thousandth. */
const timescale = 90_000;

type Field = number | Buffer;

/** A number is 32 bits. */
function box(type: string, ...fields: readonly Field[]): Buffer {
  const content = Buffer.concat(fields.map((field) => (typeof field === "number" ? u32(field) : field)));
  return Buffer.concat([u32(8 + content.byteLength), Buffer.from(type, "latin1"), content]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

function zeros(count: number): Buffer {
  return Buffer.alloc(count);
}

const unityMatrix = Buffer.concat([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));

function sampleEntry({ width, height, sequenceSet, pictureSet }: H264Stream): Buffer {
  const configuration = box(
    "avcC",
    Buffer.from([1, sequenceSet[1] ?? 0, sequenceSet[2] ?? 0, sequenceSet[3] ?? 0, 0xff, 0xe1]),
    u16(sequenceSet.byteLength),
    sequenceSet,
    Buffer.from([1]),
    u16(pictureSet.byteLength),
    pictureSet,
  );
  return box("avc1", zeros(6), u16(1), zeros(16), u16(width, height), 0x480000, 0x480000, 0, u16(1), zeros(32), u16(24, 0xffff), configuration);
}

function sampleTable(stream: H264Stream, samples: readonly Buffer[], frameTicks: number, dataOffset: number): Buffer {
  const keys = stream.frames.flatMap(({ isKey }, index) => (isKey ? [index + 1] : []));
  return box(
    "stbl",
    box("stsd", 0, 1, sampleEntry(stream)),
    box("stts", 0, 1, samples.length, frameTicks),
    box("stss", 0, keys.length, ...keys),
    box("stsc", 0, 1, 1, samples.length, 1),
    box("stsz", 0, 0, samples.length, ...samples.map((sample) => sample.byteLength)),
    box("stco", 0, 1, dataOffset),
  );
}

function movie(stream: H264Stream, samples: readonly Buffer[], frameTicks: number, dataOffset: number): Buffer {
  const duration = frameTicks * samples.length;
  const media = box(
    "mdia",
    box("mdhd", 0, 0, 0, timescale, duration, u16(0x55c4, 0)),
    box("hdlr", 0, 0, Buffer.from("vide", "latin1"), zeros(12), Buffer.from("video\0", "latin1")),
    box(
      "minf",
      box("vmhd", 1, zeros(8)),
      box("dinf", box("dref", 0, 1, box("url ", 1))),
      sampleTable(stream, samples, frameTicks, dataOffset),
    ),
  );
  const header = box("tkhd", 3, 0, 0, 1, 0, duration, zeros(16), unityMatrix, u16(stream.width, 0, stream.height, 0));
  return box(
    "moov",
    box("mvhd", 0, 0, 0, timescale, duration, 0x10000, u16(0x100), zeros(10), unityMatrix, zeros(24), 2),
    box("trak", header, media),
  );
}

/** An MP4 of the frames that browsers play. */
export function encodeMp4(rasters: readonly Raster[], fps: number): Buffer {
  const stream = encodeH264(rasters);
  const frameTicks = Math.round(timescale / fps);
  const samples = stream.frames.map(({ unit }) => Buffer.concat([u32(unit.byteLength), unit]));
  const type = box("ftyp", Buffer.from("isom", "latin1"), 0x200, Buffer.from("isomiso2avc1mp41", "latin1"));
  const dataOffset = type.byteLength + movie(stream, samples, frameTicks, 0).byteLength + 8;
  return Buffer.concat([type, movie(stream, samples, frameTicks, dataOffset), box("mdat", ...samples)]);
}
