/** Parameters whose values are a choice or a number. Any other may hold a secret: a signature, a webhook's address, or whatever a caller makes up. */
const harmless: ReadonlySet<string> = new Set(["after", "expires", "limit", "outputs", "priority", "run_timeout", "start_timeout", "status", "type", "workflow"]);

/** A longer value is none of these. */
const harmlessValue = /^[\w./-]{1,100}$/;

/** More parameters than any route takes. */
const maxParameters = 12;

/** The query of an address as a trace may show it, without `?`: `outputs=url&signature=***`. Empty without one. */
export function shownQuery(url: string): string {
  const at = url.indexOf("?");
  if (at < 0) return "";
  const parameters = [...new URLSearchParams(url.slice(at + 1))].slice(0, maxParameters);
  return parameters.map(([name, value]) => shown(name, value)).join("&");
}

function shown(name: string, value: string): string {
  if (!harmlessValue.test(name)) return "***";
  return harmless.has(name) && harmlessValue.test(value) ? `${name}=${value}` : `${name}=***`;
}
