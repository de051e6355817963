// Set-Cookie lines to add to the reply of a request.
import type { RequestContext } from "../../core/context.ts";
import type { ReplyHead } from "../../core/reply-head.ts";
import { dropFields } from "../../wire/fields.ts";

const CACHING: ReadonlySet<string> = new Set(["cache-control", "expires"]);

/** The lines of each request, until its reply is sent. */
export class CookieNotes {
  readonly #notes = new WeakMap<RequestContext, readonly string[]>();

  note(ctx: RequestContext, lines: readonly string[]): void {
    if (lines.length > 0) this.#notes.set(ctx, lines);
  }

  /** Adds the lines to the reply, and forbids shared caches to store it, whatever the backend allows. */
  addTo(ctx: RequestContext, { fields }: ReplyHead): void {
    const lines = this.#notes.get(ctx);
    if (lines === undefined) return;
    this.#notes.delete(ctx);
    dropFields(fields, CACHING);
    fields.push("Cache-Control", "private, no-store");
    for (const line of lines) fields.push("Set-Cookie", line);
  }
}
