/** Where in a module's text a fault lies; lines and columns from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly source: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** Fault in a module's text, before anything of it ran. */
export class ModuleSyntaxError extends Error {
  override readonly name = "ModuleSyntaxError";
  readonly place: SourcePlace;

  constructor(place: SourcePlace, message: string, options?: ErrorOptions) {
    super(message, options);
    this.place = place;
  }
}
