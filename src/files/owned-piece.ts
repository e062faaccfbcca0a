/**
 * Gives back the memory of a piece that nobody reads any more, now rather than when V8 gets to it: what lies around until
 * then counts as memory in use, and makes V8 look through all there is. The piece is empty afterwards.
 *
 * @returns false when its memory may be another's as well: it is part of a block, as all that is small in Node.js
 */
export function giveBack({ buffer, byteLength }: Uint8Array): boolean {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== byteLength || byteLength === 0) return false;
  buffer.transfer(0);
  return true;
}
