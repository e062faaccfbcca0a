import { z } from "zod";

/** How a value is written, whether in a flag, the environment (both text) or the file (text, number, boolean). */
export interface Value<T> {
  /** Ends "allowed: …" in a problem, and fills a column of docs/settings.md. */
  readonly allowed: string;
  readonly schema: z.ZodType<T>;
}

export function text(allowed: string): Value<string> {
  return { allowed, schema: z.string().trim().min(1) };
}

export function optionalText(allowed: string): Value<string | null> {
  return { allowed, schema: z.union([z.null(), z.string().trim().min(1)]) };
}

/** Strict: `3000abc`, `3e3` and `12.5` are refused. */
export function integer(min: number, max: number, unit = ""): Value<number> {
  const written = z.union([z.number(), z.string().trim().regex(/^[+-]?\d+$/).transform(Number)]);
  return {
    allowed: `a whole number${unit === "" ? "" : ` of ${unit}`} from ${min} to ${max}`,
    schema: written.pipe(z.number().int().min(min).max(max)),
  };
}

const truth = z.union([
  z.boolean(),
  z.literal([1, 0]).transform((value) => value === 1),
  z
    .string()
    .trim()
    .toLowerCase()
    .pipe(z.enum(["true", "1", "on", "false", "0", "off"]))
    .transform((value) => value === "true" || value === "1" || value === "on"),
]);

export const yesNo: Value<boolean> = { allowed: "true or false (also on, off, 1, 0)", schema: truth };

export const yesNoAuto: Value<"on" | "off" | "auto"> = {
  allowed: "on, off or auto (also true, false, 1, 0)",
  schema: z.union([
    z.string().trim().toLowerCase().pipe(z.literal("auto")),
    truth.transform((value) => (value ? ("on" as const) : ("off" as const))),
  ]),
};

/**
 * A level, and levels of modules: `info,runner=debug`. The names are those of telemetry/log-levels.ts, and of the modules
 * in docs/observability.md; a name that is none is a mistake worth telling.
 */
export const logLevels: Value<string> = {
  allowed: "trace, debug, info, warn, error or silent, and after commas module=level; modules: http, runner, comfyui, webhooks, upkeep, workflows, traces",
  schema: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^((http|runner|comfyui|webhooks|upkeep|workflows|traces)\s*=\s*)?(trace|debug|info|warn|error|silent)(\s*,\s*((http|runner|comfyui|webhooks|upkeep|workflows|traces)\s*=\s*)?(trace|debug|info|warn|error|silent))*$/),
};

/** Resolves to the address without a trailing slash. */
export const httpUrl: Value<string> = {
  allowed: "an http:// or https:// address without query or fragment, such as http://127.0.0.1:8188",
  schema: z
    .string()
    .trim()
    .refine((written) => {
      const url = URL.parse(written);
      return url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.search === "" && url.hash === "";
    })
    .transform((written) => new URL(written).href.replace(/\/+$/, "")),
};

/** The same, or none. */
export const optionalHttpUrl: Value<string | null> = { allowed: httpUrl.allowed, schema: z.union([z.null(), httpUrl.schema]) };

/**
 * A signing secret after the Standard Webhooks specification: `whsec_` and 24 to 64 random bytes in base64. Fewer
 * can be guessed; more add nothing to an HMAC over SHA-256 blocks.
 */
export const webhookSecret: Value<string | null> = {
  allowed: "whsec_ followed by 24 to 64 bytes in base64",
  schema: z.union([
    z.null(),
    z
      .string()
      .trim()
      .refine((written) => {
        const base64 = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(written)?.[1];
        if (base64 === undefined) return false;
        const bytes = Buffer.from(base64, "base64").length;
        return bytes >= 24 && bytes <= 64;
      }),
  ]),
};

/** Several, with commas between, or a list in the file. */
export function listOf(allowed: string, item: RegExp): Value<readonly string[]> {
  const split = z.string().transform((written) => written.split(",").map((each) => each.trim()).filter((each) => each !== ""));
  return { allowed, schema: z.union([z.null().transform(() => []), z.array(z.string()), split]).pipe(z.array(z.string().regex(item))) };
}
