// A toy filter: upper-cases text on its way in and out, to show what a filter can reach of a request and of its reply.
import type { Filter } from "../../src/core/filter.ts";
import type { BodyFilter, ReplyWriter } from "../../src/core/reply-head.ts";
import { getField } from "../../src/wire/fields.ts";
import { readWhole, WholeBody } from "../../src/wire/whole-body.ts";

/** Largest request body that is changed, bytes. */
const MAX_BODY = 1024;

/** One filter may serve any number of routes: it keeps nothing of a request. */
export const shouting: Filter = {
  name: "shouting",
  phase: "shape",

  // The request half. Without a body to read it stays synchronous.
  onRequest(ctx) {
    // Changes of fields are noted beside the request, which itself stays as the client sent it.
    ctx.edited().set("X-Shouted", "yes");
    ctx.edited().drop("X-Whisper");
    if (ctx.body.length === 0) return undefined;
    return readWhole(ctx, MAX_BODY).then((bytes) => {
      if ("code" in bytes) return bytes; // a refusal: the body is too large
      ctx.body = new WholeBody(upper(bytes));
      return undefined;
    });
  },

  // The reply half: called for every reply of the route, also for errors the gateway makes.
  onReply(_ctx, reply) {
    reply.fields.push("X-Shouted-By", reply.made);
    const type = getField(reply.fields, "content-type") ?? "";
    return type.startsWith("text/plain") ? shout : undefined; // undefined: the body passes untouched
  },
};

/** Puts itself before `next`: chunk by chunk, so that a body of any size passes in bounded memory. */
const shout: BodyFilter = (next: ReplyWriter) => ({
  write: (chunk, release) => {
    // What is written without `release` may be changed by nobody; a copy is handed on.
    const more = next.write(upper(chunk), NOTHING);
    release?.();
    return more;
  },
  end: (last, trailers) => next.end(last === null ? null : upper(last), trailers),
  flush: () => next.flush(),
});

function NOTHING(): void {}

/** ASCII letters only: the length stays. */
function upper(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte)));
}
