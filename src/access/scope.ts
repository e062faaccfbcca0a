/** What a key may do: run workflows and cancel its own jobs, read what is its own, or all of it of everybody. */
export const scopes = ["run", "read", "admin"] as const;
export type Scope = (typeof scopes)[number];

export function isScope(text: string): text is Scope {
  return text === "run" || text === "read" || text === "admin";
}

/** `admin` holds the others. Who may run something may also read what came of it: it is the owner's own. */
export function allows(held: ReadonlySet<Scope>, needed: Scope): boolean {
  return held.has("admin") || held.has(needed) || (needed === "read" && held.has("run"));
}
