// Forward authentication: an authorization service decides about every request. 2xx permits it, any other answer is the reply.
import type { Connector } from "../../core/connector.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Refusal } from "../../core/reply.ts";
import { dropFields, getField } from "../../wire/fields.ts";
import { type Authenticator, type AuthResult, invalid } from "../authenticator.ts";
import { Check, type CheckAnswer, type CheckFailure } from "./check.ts";
import { CheckRequests } from "./check-request.ts";
import type { ForwardService } from "./settings.ts";
import { denialFor, faultIn, fieldsNamed, identityIn, isAdmission } from "./verdict.ts";

/** What the method needs from outside. */
export interface ForwardHooks {
  /** Refuses WebSocket handshakes from pages of other origins. */
  readonly checkOrigin: (ctx: RequestContext) => Refusal | undefined;
  /** Called after every check without a usable answer. @param why contains no text of the service */
  readonly failed: (why: string) => void;
}

/** Never sent: the client has disconnected. */
const DISCONNECTED: AuthResult = { answer: { code: "auth_unavailable" } };

/** Makes the method. @param connector to the service */
export function forward(service: ForwardService, connector: Connector, hooks: ForwardHooks): Authenticator {
  const requests = new CheckRequests(service);
  const { requestHeaders } = service;
  const toBackend = new Set(service.responseHeaders);
  const toClient = new Set(service.clientHeaders);
  /** Fields to add to the replies of requests under way. */
  const replyFields = new WeakMap<RequestContext, string[]>();
  const sendsCookies = requestHeaders === null || requestHeaders.includes("cookie");

  const judge = (ctx: RequestContext, outcome: CheckAnswer | CheckFailure): AuthResult => {
    if (ctx.finished) return DISCONNECTED;
    const failure = "why" in outcome ? outcome : faultIn(outcome);
    if (failure !== null) {
      hooks.failed(failure.why);
      return { code: "auth_unavailable", why: failure.why };
    }
    const answer = outcome as CheckAnswer;
    if (!isAdmission(answer)) {
      ctx.detail = `forward: the service answered ${answer.status}`;
      return denialFor(ctx, answer);
    }
    // The client's own fields of these names are dropped by `assertedFields`.
    ctx.edited().fields.push(...fieldsNamed(answer.fields, toBackend));
    const added = fieldsNamed(answer.fields, toClient);
    if (added.length > 0) replyFields.set(ctx, added);
    return identityIn(service, answer);
  };

  const ask = (ctx: RequestContext, settle: (outcome: CheckAnswer | CheckFailure) => void) =>
    new Check(connector, requests.for(ctx), service, settle);

  return {
    method: "forward",
    challenge: "",
    credentialOf: () => "", // the request itself
    identify(_credential, ctx) {
      const refusal = ctx.upgrade && sendsCookies ? originRefusal(ctx, hooks) : undefined;
      if (refusal !== undefined) return { answer: refusal, code: refusal.code };
      return new Promise((resolve) => {
        const check = ask(ctx, (outcome) => resolve(judge(ctx, outcome)));
        ctx.onDone(() => check.abort("the client disconnected"));
      });
    },
    recheck: (_credential, ctx) => new Promise((resolve) => ask(ctx, (outcome) => resolve(standing(service, outcome)))),
    strip: () => undefined, // the credentials are for the service: responseHeaders decides what is forwarded
    onReply(ctx, { fields }) {
      const added = replyFields.get(ctx);
      if (added === undefined) return;
      // Cookies are added; for any other field, the service's value replaces the backend's.
      const replaced = [...toClient].filter((name) => name !== "set-cookie" && has(added, name));
      dropFields(fields, new Set(replaced));
      fields.push(...added);
    },
  };
}

/** What the answer means for a request that was admitted before. */
function standing(service: ForwardService, outcome: CheckAnswer | CheckFailure): AuthResult {
  const failure = "why" in outcome ? outcome : faultIn(outcome);
  if (failure !== null) return { code: "auth_unavailable", why: failure.why };
  const answer = outcome as CheckAnswer;
  return isAdmission(answer) ? identityIn(service, answer) : invalid(`the service answered ${answer.status}`);
}

/** Checks the origin of a handshake with cookies, which browsers also send for pages of other origins. */
function originRefusal(ctx: RequestContext, { checkOrigin }: ForwardHooks): Refusal | undefined {
  if (!has(ctx.fields, "cookie")) return undefined;
  const cookieAlone = !has(ctx.fields, "origin") && !has(ctx.fields, "authorization");
  return cookieAlone ? { code: "origin_not_allowed" } : checkOrigin(ctx);
}

function has(fields: readonly string[], lower: string): boolean {
  return getField(fields, lower) !== undefined;
}
