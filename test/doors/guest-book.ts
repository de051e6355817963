// A toy responder behind a toy filter: a page the gateway serves itself, for those who know the word.
import type { Filter } from "../../src/core/filter.ts";
import { identityOf } from "../../src/core/identity.ts";
import type { Responder } from "../../src/core/responder.ts";
import { getField } from "../../src/wire/fields.ts";

/** Answers who asks with who they are. */
export const guestBook: Responder = {
  answer(ctx) {
    if (ctx.method !== "GET") return { code: "method_not_allowed", fields: ["Allow", "GET"] };
    return { status: 200, fields: ["Content-Type", "text/plain"], body: `hello ${ctx.identity!.subject}\n` };
  },
};

/** Lets in who names a guest in `X-Guest`; everybody else gets an answer here. */
export const doorman: Filter = {
  name: "doorman",
  phase: "authenticate",
  onRequest(ctx) {
    const subject = getField(ctx.fields, "x-guest");
    if (subject === undefined) return { status: 401, fields: ["WWW-Authenticate", "Guest"], body: "who are you?\n" };
    ctx.identity = identityOf({ subject, method: "basic" });
    return undefined;
  },
};
