/** A Python exception raised by a node: `exceptionType` as `execution_error` names it, e.g. `torch.OutOfMemoryError`. */
export class NodeFailure extends Error {
  override readonly name = "NodeFailure";
  readonly exceptionType: string;

  constructor(exceptionType: string, message: string) {
    super(message);
    this.exceptionType = exceptionType;
  }
}

/** The run was interrupted through POST /interrupt. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** The process that ran the node is gone: nothing more may be sent or stored. */
export class ProcessGone extends Error {
  override readonly name = "ProcessGone";
}
