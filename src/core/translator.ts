// Lets clients of one protocol speak to backends of another.
import type { RequestContext } from "./context.ts";
import type { Refusal } from "./reply.ts";
import type { Translation } from "./translation.ts";

/** Lets clients of one protocol use backends of another. Compiled for a route, called once per request. */
export interface Translator {
  /** How the request is put to the backend, or why it cannot be; null when it speaks the backend's protocol already. */
  begin(ctx: RequestContext): Translation | Refusal | null;
}
