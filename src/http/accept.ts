interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
}

/** What the caller of a run wants to get: the job, or an output's bytes. */
export type Wanted =
  | { readonly kind: "job" }
  /** The job's events, as they happen. */
  | { readonly kind: "events" }
  | {
      readonly kind: "output";
      readonly ranges: readonly MediaRange[];
      /** Whether the job will do when it has no such output. */
      readonly jobWillDo: boolean;
    };

/** Top-level types that can be asked for as the raw body. */
const rawTypes = new Set(["image", "video", "audio"]);

function qualityIn(parameters: string): number {
  const q = parameters.split(";").map((part) => part.trim()).find((part) => /^q\s*=/i.test(part));
  const quality = q === undefined ? 1 : Number(q.slice(q.indexOf("=") + 1));
  return quality >= 0 && quality <= 1 ? quality : 1;
}

function parseRange(item: string): MediaRange | null {
  const end = item.indexOf(";");
  const media = (end === -1 ? item : item.slice(0, end)).trim().toLowerCase();
  const slash = media.indexOf("/");
  if (slash < 1 || slash === media.length - 1 || media.includes("/", slash + 1)) return null;
  return { type: media.slice(0, slash), subtype: media.slice(slash + 1), quality: end === -1 ? 1 : qualityIn(item.slice(end + 1)) };
}

function specificity(range: MediaRange): number {
  if (range.type === "*") return 0;
  return range.subtype === "*" ? 1 : 2;
}

/** The quality (RFC 9110 §12.5.1) of a media type: that of the most specific range that covers it, 0 without one. */
function qualityOf(ranges: readonly MediaRange[], contentType: string): number {
  const end = contentType.indexOf(";");
  const media = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  const slash = media.indexOf("/");
  const type = slash === -1 ? media : media.slice(0, slash);
  const subtype = slash === -1 ? "" : media.slice(slash + 1);
  let best: MediaRange | null = null;
  for (const range of ranges) {
    const covers = (range.type === "*" || range.type === type) && (range.subtype === "*" || range.subtype === subtype);
    if (covers && (best === null || specificity(range) > specificity(best))) best = range;
  }
  return best?.quality ?? 0;
}

/** The range that is liked best: of the highest quality, and of those the most specific, and of those the first. */
function bestOf(ranges: readonly MediaRange[]): MediaRange | null {
  let best: MediaRange | null = null;
  for (const range of ranges) {
    const difference = best === null ? 1 : range.quality - best.quality || specificity(range) - specificity(best);
    if (difference > 0) best = range;
  }
  return best;
}

/** Reads an `Accept` header. What the caller likes best decides; anything but events, an image, a video or a sound means the job. */
export function readAccept(header: string | undefined): Wanted {
  const ranges: MediaRange[] = [];
  for (const item of header?.split(",") ?? []) {
    const range = parseRange(item);
    if (range !== null) ranges.push(range);
  }
  const best = bestOf(ranges);
  if (best?.type === "text" && best.subtype === "event-stream" && best.quality > 0) return { kind: "events" };
  if (best === null || best.quality === 0 || !rawTypes.has(best.type)) return { kind: "job" };
  return {
    kind: "output",
    ranges: ranges.filter((range) => rawTypes.has(range.type)),
    jobWillDo: qualityOf(ranges, "application/json") > 0,
  };
}

/** The output the caller likes best, the first among equals. */
export function chooseOutput<T extends { readonly contentType: string }>(ranges: readonly MediaRange[], outputs: readonly T[]): T | undefined {
  let best: T | undefined;
  let most = 0;
  for (const output of outputs) {
    const quality = qualityOf(ranges, output.contentType);
    if (quality > most) {
      best = output;
      most = quality;
    }
  }
  return best;
}
