/** SpanKind of the OTLP protocol. */
const kinds = { internal: 1, server: 2, client: 3 } as const;

/** StatusCode ERROR of the OTLP protocol. */
const statusError = 2;

/** One span, ended. Times are milliseconds since the epoch. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  /** `server` for a request that was answered, `client` for one that was made. */
  readonly kind: keyof typeof kinds;
  readonly from: number;
  readonly to: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** What went wrong, in a word; null when nothing did. */
  readonly error: string | null;
}

function attributeOf([key, value]: readonly [string, string | number]): object {
  return { key, value: typeof value === "string" ? { stringValue: value } : { intValue: String(Math.round(value)) } };
}

/** Digits: nanoseconds since the epoch are beyond what a number holds. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms)) * 1_000_000n);
}

function spanOf({ traceId, spanId, parentId, name, kind, from, to, attributes, error }: Span): object {
  return {
    traceId,
    spanId,
    ...(parentId === null ? {} : { parentSpanId: parentId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(from),
    endTimeUnixNano: nanoseconds(Math.max(from, to)),
    attributes: Object.entries(attributes).map(attributeOf),
    ...(error === null ? {} : { status: { code: statusError, message: error } }),
  };
}

/** The body of `POST /v1/traces`: OTLP 1 in JSON. */
export function otlpBody(spans: readonly Span[], version: string): string {
  const resource = { attributes: [attributeOf(["service.name", "comfyui-api"]), attributeOf(["service.version", version])] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "comfyui-api", version }, spans: spans.map(spanOf) }] }] });
}
