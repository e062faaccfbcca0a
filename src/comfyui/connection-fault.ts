/** Failures of `connect` and of what precedes it: the request cannot have left. */
const neverConnected: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "host not found",
  EAI_AGAIN: "host not found",
  EHOSTUNREACH: "host unreachable",
  EHOSTDOWN: "host unreachable",
  ENETUNREACH: "host unreachable",
  ENETDOWN: "host unreachable",
  CERT_HAS_EXPIRED: "its TLS certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its TLS certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its TLS certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its TLS certificate is not trusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "its TLS certificate is for another host",
};

const closedReason = "closed the connection";

const brokenOff: Readonly<Record<string, string>> = {
  ECONNRESET: closedReason,
  EPIPE: closedReason,
  ETIMEDOUT: "timed out",
};

/** The errors behind an error, outermost first. A bound keeps a circular chain from hanging us. */
function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let next = error; next instanceof Error && chain.length < 8; next = next.cause) {
    // Of a host with several addresses, one for each that was tried: what happened at the first tells more than their sum.
    const first: unknown = next instanceof AggregateError ? next.errors[0] : next;
    if (first instanceof Error) chain.push(first);
  }
  return chain;
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** A call that brought no HTTP answer. `message` is for the log; `reason` is for people and holds no address. */
export class ConnectionFault extends Error {
  override readonly name = "ConnectionFault";
  readonly reason: string;
  /** false only when it is certain that ComfyUI did not get the request. */
  readonly mayHaveArrived: boolean;

  constructor(params: { readonly reason: string; readonly mayHaveArrived: boolean; readonly cause?: unknown }) {
    super(params.reason, params.cause === undefined ? undefined : { cause: params.cause });
    this.reason = params.reason;
    this.mayHaveArrived = params.mayHaveArrived;
  }

  /** Reads what a request, or the stream of its answer, failed with. */
  static from(error: unknown): ConnectionFault {
    const chain = chainOf(error);
    const fault = chain.find((link) => link instanceof ConnectionFault);
    if (fault !== undefined) return fault;
    for (const link of chain) {
      const code = codeOf(link);
      const never = neverConnected[code];
      if (never !== undefined) return new ConnectionFault({ reason: never, mayHaveArrived: false, cause: error });
      if ("syscall" in link && link.syscall === "connect") {
        return new ConnectionFault({ reason: "no connection", mayHaveArrived: false, cause: error });
      }
      const broken = brokenOff[code];
      if (broken !== undefined) return new ConnectionFault({ reason: broken, mayHaveArrived: true, cause: error });
      // OpenSSL's words for an answer to its first greeting that is no TLS.
      if (link.message.includes("wrong version number")) return new ConnectionFault({ reason: "it does not speak https", mayHaveArrived: false, cause: error });
    }
    return new ConnectionFault({ reason: "the connection failed", mayHaveArrived: true, cause: error });
  }

  /** The other end closed the connection, or the network did. */
  static closed(): ConnectionFault {
    return new ConnectionFault({ reason: closedReason, mayHaveArrived: true });
  }

  get isClosed(): boolean {
    return this.reason === closedReason;
  }

  /** What came is no answer, or none that can be read in one way alone. */
  static notHttp(): ConnectionFault {
    return new ConnectionFault({ reason: "answered something that is not HTTP", mayHaveArrived: true });
  }

  static timeout(timeoutMs: number): ConnectionFault {
    return new ConnectionFault({ reason: `timed out after ${Math.round(timeoutMs / 1000)} s`, mayHaveArrived: true });
  }
}
