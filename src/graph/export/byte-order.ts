/** Numbers and text at a place in bytes. What lies beyond the end reads as 0 or "", so that no damaged file can throw. */

export function u16be(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function u32be(bytes: Uint8Array, at: number): number {
  return u16be(bytes, at) * 0x10000 + u16be(bytes, at + 2);
}

/** Exact up to 2^53; more than any file has, and so never within its end. */
export function u64be(bytes: Uint8Array, at: number): number {
  return u32be(bytes, at) * 0x1_0000_0000 + u32be(bytes, at + 4);
}

export function u16le(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

export function u32le(bytes: Uint8Array, at: number): number {
  return u16le(bytes, at) + u16le(bytes, at + 2) * 0x10000;
}

/** One character for each byte. */
export function latin1(bytes: Uint8Array, at: number, length: number): string {
  const part = bytes.subarray(at, at + length);
  // TextDecoder calls Windows-1252 "latin1".
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString("latin1");
}

/** UTF-8 where it is valid UTF-8, else Latin-1: what the formats prescribe and what programs write are two things. */
export function looseText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return latin1(bytes, 0, bytes.length);
    throw error;
  }
}

/** Where `byte` comes next from `from` on; the length when it does not. */
export function indexOfByte(bytes: Uint8Array, byte: number, from: number): number {
  const found = bytes.indexOf(byte, from);
  return found === -1 ? bytes.length : found;
}
