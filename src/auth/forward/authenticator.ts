// Authentication by asking a service about every request: with 2xx it passes, any other answer is the client's.
import type { Connector } from "../../core/connector.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Refusal } from "../../core/reply.ts";
import { dropFields, getField } from "../../wire/fields.ts";
import type { Authenticator, AuthResult } from "../authenticator.ts";
import { type NoAnswer, Question, type ServiceAnswer } from "./exchange.ts";
import { Questions } from "./question.ts";
import type { ForwardService } from "./settings.ts";
import { admits, denial, faultIn, identityIn, valuesOf } from "./verdict.ts";

/** What else decides about requests that a service is asked about. */
export interface ForwardChecks {
  /** What becomes of the origin of a page that opens a WebSocket. */
  readonly origin: (ctx: RequestContext) => Refusal | undefined;
  /** The service has given no answer. @param why without any text of it */
  readonly failed: (why: string) => void;
}

/** Of a reply whose client has disconnected: it goes nowhere. */
const NOWHERE: AuthResult = { answer: { code: "auth_unavailable" } };

/** Makes the method. @param connector to the service */
export function forward(service: ForwardService, connector: Connector, checks: ForwardChecks): Authenticator {
  const questions = new Questions(service);
  /** Fields for the replies of requests under way. */
  const forClients = new WeakMap<RequestContext, string[]>();
  const readsCookies = service.requestHeaders?.includes("cookie") !== false;

  const judge = (ctx: RequestContext, outcome: ServiceAnswer | NoAnswer): AuthResult => {
    if (ctx.finished) return NOWHERE;
    const fault = "why" in outcome ? outcome : faultIn(outcome);
    if (fault !== null) {
      checks.failed(fault.why);
      return { code: "auth_unavailable", why: fault.why };
    }
    const answer = outcome as ServiceAnswer;
    if (!admits(answer)) {
      ctx.detail = `forward: the service answered ${answer.status}`;
      return denial(ctx, answer);
    }
    takeAlong(ctx, service, answer);
    const told = service.clientHeaders.flatMap((name) => valuesOf(answer.fields, name).flatMap((v) => [name, v]));
    if (told.length > 0) forClients.set(ctx, told);
    return identityIn(service, answer);
  };

  return {
    method: "forward",
    challenge: "",
    credentialOf: () => "", // every request brings itself
    identify(_credential, ctx) {
      const refusal = ctx.upgrade && readsCookies ? foreignPage(ctx, checks) : undefined;
      if (refusal !== undefined) return { answer: refusal, code: refusal.code };
      return new Promise((resolve) => {
        const settle = (outcome: ServiceAnswer | NoAnswer) => resolve(judge(ctx, outcome));
        const question = new Question(connector, questions.about(ctx), service, settle);
        ctx.onDone(() => question.stop("the client has left"));
      });
    },
    strip: () => undefined, // what the service reads is for it to decide about
    onReply(ctx, { fields }) {
      const told = forClients.get(ctx);
      if (told === undefined) return;
      // Each cookie is one of its own; of any other field the service's word counts.
      dropFields(
        fields,
        new Set(service.clientHeaders.filter((name) => name !== "set-cookie" && hasField(told, name))),
      );
      fields.push(...told);
    },
  };
}

/** The fields of an answer that the request takes along; the client's own of these names have been dropped before. */
function takeAlong(ctx: RequestContext, { responseHeaders }: ForwardService, { fields }: ServiceAnswer): void {
  for (const name of responseHeaders) {
    for (const value of valuesOf(fields, name)) ctx.edited().add(name, value);
  }
}

/** Any page can have its visitors send cookies with a handshake. Where these alone can tell who it is from, it must say its origin. */
function foreignPage(ctx: RequestContext, { origin }: ForwardChecks): Refusal | undefined {
  if (!hasField(ctx.fields, "cookie")) return undefined;
  const hides = !hasField(ctx.fields, "origin") && !hasField(ctx.fields, "authorization");
  return hides ? { code: "origin_not_allowed" } : origin(ctx);
}

function hasField(fields: readonly string[], lower: string): boolean {
  return getField(fields, lower) !== undefined;
}
