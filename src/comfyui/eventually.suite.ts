import { vi } from "vitest";

/** Longer than a busy machine needs, shorter than a test may take: it only ends what hangs. */
const timeout = 10_000;
const interval = 5;

/** Tries until `check` does not throw: for what comes over a real socket. */
export async function eventually(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout, interval });
}
