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

function parseRange(item: string): MediaRange | null {
  const [media = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
  const [type, subtype, ...rest] = media.split("/");
  if (type === undefined || subtype === undefined || type === "" || subtype === "" || rest.length > 0) return null;
  const q = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const quality = q === undefined ? 1 : Number(q.slice(q.indexOf("=") + 1));
  return { type, subtype, quality: quality >= 0 && quality <= 1 ? quality : 1 };
}

function specificity(range: MediaRange): number {
  if (range.type === "*") return 0;
  return range.subtype === "*" ? 1 : 2;
}

/** The quality (RFC 9110 §12.5.1) of a media type: that of the most specific range that covers it, 0 without one. */
function qualityOf(ranges: readonly MediaRange[], contentType: string): number {
  const [type, subtype] = (contentType.split(";")[0] ?? "").trim().toLowerCase().split("/");
  const covering = ranges.filter((range) => (range.type === "*" || range.type === type) && (range.subtype === "*" || range.subtype === subtype));
  return covering.reduce<MediaRange | null>((best, range) => (best !== null && specificity(best) >= specificity(range) ? best : range), null)?.quality ?? 0;
}

/** Reads an `Accept` header. What the caller likes best decides; anything but events, an image, a video or a sound means the job. */
export function readAccept(header: string | undefined): Wanted {
  const ranges = (header ?? "").split(",").flatMap((item) => parseRange(item) ?? []);
  const best = [...ranges].sort((a, b) => b.quality - a.quality || specificity(b) - specificity(a))[0];
  if (best?.type === "text" && best.subtype === "event-stream" && best.quality > 0) return { kind: "events" };
  if (best === undefined || best.quality === 0 || !rawTypes.has(best.type)) return { kind: "job" };
  return {
    kind: "output",
    ranges: ranges.filter((range) => rawTypes.has(range.type)),
    jobWillDo: qualityOf(ranges, "application/json") > 0,
  };
}

/** The output the caller likes best, the first among equals. */
export function chooseOutput<T extends { readonly contentType: string }>(ranges: readonly MediaRange[], outputs: readonly T[]): T | undefined {
  const liked = outputs.map((output) => ({ output, quality: qualityOf(ranges, output.contentType) })).filter(({ quality }) => quality > 0);
  return liked.sort((a, b) => b.quality - a.quality)[0]?.output;
}
