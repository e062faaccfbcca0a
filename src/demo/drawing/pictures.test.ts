import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { isInked } from "./font.ts";
import { encodeH264 } from "./h264.ts";
import { imageSize } from "./image-size.ts";
import { silentMp3 } from "./mp3.ts";
import { encodeMp4 } from "./mp4.ts";
import { drawLatent, wrapText } from "./picture.ts";
import { decodePng, encodePng } from "./png.ts";
import { blurred, inverted, scaled, solid } from "./raster.ts";
import { encodeWebp } from "./webp.ts";

const latent = { width: 130, height: 98, batch: 2, text: "a fox", seed: 7n, pixels: null };

describe("a drawn latent", () => {
  it("has the size and the number that were asked for, and each picture of a batch is another", () => {
    const [first, second] = drawLatent(latent);
    expect([first?.width, first?.height, first?.rgb.length]).toEqual([130, 98, 130 * 98 * 3]);
    expect(second?.rgb).not.toEqual(first?.rgb);
    expect(drawLatent(latent)[0]?.rgb).toEqual(first?.rgb);
  });

  it("survives a picture too small for any text", () => {
    expect(drawLatent({ ...latent, width: 1, height: 1, batch: 1 })).toHaveLength(1);
  });
});

describe("wrapText", () => {
  it("breaks at spaces, cuts words that are too long, and keeps line breaks", () => {
    expect(wrapText("one two three\nabcdefghij", 7)).toEqual(["one two", "three", "abcdefg", "hij"]);
    expect(wrapText("", 7)).toEqual([]);
  });
});

describe("the font", () => {
  it("draws what it lacks as a box, and a space as nothing", () => {
    expect([isInked("ü", 0, 3), isInked("ü", 2, 3), isInked(" ", 0, 3), isInked("I", 2, 3)]).toEqual([true, false, false, true]);
  });
});

describe("PNG", () => {
  it("comes back pixel for pixel, also through another decoder, with its texts in ASCII", async () => {
    const [raster = solid(1, 1, 0)] = drawLatent(latent);
    const bytes = await encodePng(raster, new Map([["prompt", '{"text":"ü"}']]));
    expect(decodePng(bytes)?.raster).toEqual(raster);
    expect(PNG.sync.read(bytes).width).toBe(130);
    expect(bytes.includes('prompt\0{"text":"\\u00fc"}')).toBe(true);
  });

  it("is not what cannot be read", () => {
    expect(decodePng(Buffer.from("not a picture"))).toBeNull();
  });
});

describe("raster changes", () => {
  it("invert every channel", () => {
    expect([...inverted(solid(1, 1, 0xff0010)).rgb]).toEqual([0, 255, 239]);
  });

  it("scale to the exact size, and leave a flat picture flat under a blur", () => {
    const flat = solid(5, 3, 0x336699);
    expect(scaled(flat, 7, 9)).toEqual(solid(7, 9, 0x336699));
    expect(blurred(flat, 31)).toEqual(flat);
  });
});

describe("media", () => {
  it("gives WebPs whose header tells their size, still or animated", () => {
    const frames = drawLatent(latent);
    expect(imageSize(encodeWebp(frames.slice(0, 1), 0))).toEqual({ width: 130, height: 98 });
    expect(imageSize(encodeWebp(frames, 100))).toEqual({ width: 130, height: 98 });
    expect(encodeWebp([solid(64, 64, 255)], 0).byteLength).toBeLessThan(100);
  });

  it("stores a repeated video frame as a skipped one and a changed one as a key frame", () => {
    const [a = solid(1, 1, 0), b = a] = drawLatent(latent);
    expect(encodeH264([a, a, b]).frames.map(({ isKey }) => isKey)).toEqual([true, false, true]);
    expect(encodeMp4([a, a, b], 8).toString("latin1", 4, 8)).toBe("ftyp");
  });

  it("never lets picture data look like a start code", () => {
    const { frames } = encodeH264([solid(64, 64, 0)]);
    expect(frames[0]?.unit.includes(Buffer.from([0, 0, 1]))).toBe(false);
  });

  it("makes an MP3 of as many frames as the time needs", () => {
    expect(silentMp3(1, 2).byteLength).toBe(39 * 417);
  });
});

describe("imageSize", () => {
  it("reads a GIF and a JPEG, and refuses what is broken or absurdly large", () => {
    expect(imageSize(Buffer.from("4749463839610a000500000000", "hex"))).toEqual({ width: 10, height: 5 });
    expect(imageSize(Buffer.from("ffd8ffe000040000ffc0001108000a0014", "hex"))).toEqual({ width: 20, height: 10 });
    expect(imageSize(Buffer.from("474946383961ffffffff00000000", "hex"))).toBeNull();
    expect(imageSize(Buffer.from("ffd8ff", "hex"))).toBeNull();
  });
});
