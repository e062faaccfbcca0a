/**
 * Flags of V8 that the executable runs with, for a host whose memory and cores are wanted elsewhere. Young objects get 16 MiB
 * instead of 32, for a gateway holds little for long, and are looked through by one thread, for there is never much; one thread
 * of V8 beside the main one instead of four, each of which has its own stores.
 *
 * Not each flag may stand here: under some, V8 does not take what Node.js had compiled of its own modules when it was built, and
 * compiles them at each start.
 */
export const nodeFlags: readonly string[] = ["--max-semi-space-size=8", "--no-parallel-scavenge", "--v8-pool-size=1"];
