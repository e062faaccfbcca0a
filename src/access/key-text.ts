import { createHash, randomBytes } from "node:crypto";

/** 256 bits: as many as the hash has. */
const keyBytes = 32;

/** Tells people and secret scanners what it is. */
const prefix = "cak_";

/** Shorter ones could be guessed by trying. */
export const minKeyLength = 16;

/** Longer ones are no keys, and are not hashed. */
export const maxKeyLength = 512;

/** A new key: shown once, and never stored. */
export function newKeyText(): string {
  return `${prefix}${randomBytes(keyBytes).toString("base64url")}`;
}

/**
 * What is kept of a key, `sha256:<64 hex digits>`. A fast hash is right here: a key holds 256 random bits, which no
 * amount of trying finds, and a slow one (scrypt) would hand everybody a way to keep the processor busy with wrong keys.
 * It is for passwords, which people choose.
 */
export function hashKey(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
