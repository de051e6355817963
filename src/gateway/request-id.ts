// Request ids: a client's own is kept when it is harmless, else one is made from a process prefix and a counter.
import { randomBytes } from "node:crypto";
import type { RequestContext, RequestIdRule } from "../core/context.ts";
import { getField } from "../wire/fields.ts";

const HARMLESS = /^[A-Za-z0-9._-]{1,128}$/;

/** Makes ids unique across processes and restarts: 48 random bits, then a counter. */
export class RequestIds {
  readonly #prefix = randomBytes(6).toString("hex");
  #count = 0;

  /** The id for a request; "" when ids are off or not generated. */
  idFor(ctx: RequestContext, rule: RequestIdRule): string {
    if (!rule.enabled) return "";
    const given = getField(ctx.fields, rule.lowerName);
    if (given !== undefined && HARMLESS.test(given)) return given;
    return rule.generate ? `${this.#prefix}-${(++this.#count).toString(36)}` : "";
  }
}
