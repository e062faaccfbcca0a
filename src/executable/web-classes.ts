import { lateClass } from "./late-class.ts";

/**
 * The classes of the web that the bundled program means by these names (scripts/build-binary/late-web-classes.ts). Node has them
 * from undici, which takes a sixth of a start to load, and answering a request needs none of it: the HTTP server puts its own
 * light ones in the place of two of them.
 */
export const webClasses = {
  FormData: lateClass({ name: "FormData", load: () => globalThis.FormData }),
  Headers: lateClass({ name: "Headers", load: () => globalThis.Headers }),
  Request: lateClass({ name: "Request", load: () => globalThis.Request }),
  Response: lateClass({ name: "Response", load: () => globalThis.Response, statics: ["error", "json", "redirect"] }),
};
