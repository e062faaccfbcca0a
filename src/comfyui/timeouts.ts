/**
 * How long each kind of call may take. ComfyUI runs one event loop that a listing of nodes and models blocks for
 * seconds (comfyui-protocol.md §1.0), so none of these is short but the probe's, whose failure is a piece of news.
 */
export const timeoutsMs = {
  /** GET /system_stats: more than this and a person would call it hung. */
  probe: 5_000,
  /** Until a connection is there: a host that does not answer at all is not there, which is known sooner than an answer. */
  connect: 10_000,
  /** GET /history, GET /queue, POST /queue, POST /interrupt: small answers behind a loop that may be blocked. */
  query: 30_000,
  /** POST /prompt validates before it answers: it opens input files and lists model folders, on network disks too. */
  submit: 60_000,
  /** GET /object_info: imports nothing, but lists every model folder, which takes minutes on a cold network disk. */
  objectInfo: 300_000,
  /** Part of an upload's limit that does not depend on its size. */
  uploadBase: 60_000,
  /** Added for each MiB: a link to a GPU host slower than 1 MiB/s is broken. */
  uploadPerMiB: 1_000,
  /** GET /view: until the head of the answer, and then between two pieces of the body. A large file may take any time in all. */
  downloadIdle: 60_000,
} as const;
