/**
 * Places at which a death of the process leaves the most behind: between two steps that are each durable somewhere.
 * In the order in which a job passes them.
 */
export const checkpoints = [
  // A request, in the HTTP room.
  /** All has been checked; nothing is stored. */
  "before-row",
  /** The job is stored; nobody has been told. */
  "after-row",
  /** The answer is ready; nothing of it has been sent. */
  "before-answer",

  // An attempt, in the runner.
  /** The job is leased. */
  "claimed",
  /** ComfyUI has the input files. */
  "files-uploaded",
  /** The prompt id is stored; ComfyUI has never heard of it. */
  "prompt-id-stored",
  /** ComfyUI has taken the graph; nothing of that is stored. */
  "prompt-sent",
  /** ComfyUI runs the graph, and the job is stored as running. */
  "mid-run",
  /** ComfyUI's history has the run; no output has been copied. */
  "run-ended",
  /** One output has been copied and is in no table; passed once for each output. */
  "mid-copy",
  /** All outputs are copied; the job is still running. */
  "outputs-copied",
  /** The end of the job is stored; nobody has been told. */
  "committed",
  /** A cancel was asked for and seen; ComfyUI has not been told. */
  "cancel-seen",
  /** ComfyUI has dropped the run; the job is not yet cancelled. */
  "run-cancelled",

  // A webhook, in the events room.
  /** The delivery is claimed; nothing has been sent. */
  "webhook-claimed",
  /** The receiver has answered; that is not stored. */
  "webhook-delivered",
] as const;

export type CheckpointName = (typeof checkpoints)[number];

/** Told that a place has been reached. Does nothing, or ends the process: it returns only when work may go on. */
export type Checkpoint = (name: CheckpointName) => void;

export const noCheckpoint: Checkpoint = () => undefined;

/**
 * A test hook: ends the process where `place` says, as a power cut there would. main.ts passes what the environment
 * variable COMFYUI_API_KILL_AT holds; it is no setting, and has no use but to prove that nothing is lost.
 *
 * @param place `name` or `name:n` for the n-th passage, from 1
 * @param kill ends the process at once, without any farewell
 * @throws {RangeError} when no place is called so: a test that kills nowhere would prove nothing
 */
export function killAt(place: string, kill: () => void): Checkpoint {
  const [name = "", passage = "1", ...rest] = place.split(":");
  const known = checkpoints.find((checkpoint) => checkpoint === name);
  if (known === undefined || rest.length > 0 || !/^[1-9]\d*$/.test(passage)) {
    throw new RangeError(`${place} is no checkpoint; they are ${checkpoints.join(", ")}`);
  }
  let left = Number(passage);
  return (reached) => {
    if (reached !== known) return;
    left -= 1;
    if (left === 0) kill();
  };
}
