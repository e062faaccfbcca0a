export function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

/** Ids of workflows hold only letters, digits, `_`, `.`, `-` and the slashes between segments. */
export function workflowPath(id: string): string {
  return `/${id}`;
}
