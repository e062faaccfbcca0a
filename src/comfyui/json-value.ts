import { z } from "zod";
import type { JsonValue } from "../json/exact.ts";

/** Any member of a parsed JSON text. What came out of a JSON parser is JSON all the way down: only absence is checked. */
export const anyJson = z.custom<JsonValue>((value) => value !== undefined);
