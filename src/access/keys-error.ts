/** The API keys that were set cannot be used. For the person who starts the gateway; the message repeats no key. */
export class KeysError extends Error {
  override readonly name = "KeysError";
}
