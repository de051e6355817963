// Errors of the gateway on routes to language models, in the form of the API the client speaks.
import type { ErrorWriter, RequestContext } from "../../core/context.ts";
import { ERRORS, type ErrorCode } from "../../core/errors.ts";
import type { Reply } from "../../core/reply.ts";
import type { Fault } from "../message/fault.ts";
import { Call } from "./call.ts";
import { codeOf, faultForCode } from "./gateway-faults.ts";
import { apiPath, formatOf } from "./operation.ts";
import { retryFields } from "./reply/deliver-fault.ts";
import { addCallFields } from "./reply/reply-fields.ts";
import type { Formats } from "./setup.ts";

/** Codes behind which the fault of a provider says more. */
const LAST_FAULT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["model_unavailable", "circuit_open", "no_endpoint"]);

/** Writes errors for one route. */
export class LlmErrors implements ErrorWriter {
  readonly #formats: Formats;
  readonly #strip: string;

  constructor(formats: Formats, strip: string) {
    this.#formats = formats;
    this.#strip = strip;
  }

  write(ctx: RequestContext, code: ErrorCode, message: string): Reply & { readonly body: string } {
    const call = ctx.modelCall instanceof Call ? ctx.modelCall : null;
    const known = LAST_FAULT.has(code) ? (call?.fault ?? null) : null;
    const reply = this.#reply(ctx, known ?? faultForCode(code, message), call);
    // What is wrong with a request as such has the statuses of HTTP in every API.
    return known === null ? { ...reply, status: ERRORS[code].status } : reply;
  }

  /** The answer to a request that cannot be served; noted for the log. */
  answer(ctx: RequestContext, fault: Fault, call: Call | null): Reply {
    ctx.error = codeOf(fault);
    ctx.detail = fault.code ?? fault.kind;
    return this.#reply(ctx, fault, call);
  }

  #reply(ctx: RequestContext, fault: Fault, call: Call | null): Reply & { readonly body: string } {
    const format = this.#formats[formatOf(apiPath(ctx.path, this.#strip), ctx.fields)];
    const { status, body } = format.client.writeError(fault, ctx.requestId);
    const fields = ["Content-Type", "application/json; charset=utf-8", ...retryFields(fault, ctx.attempts)];
    if (call !== null) addCallFields(fields, call);
    return { status, fields, body: JSON.stringify(body) };
  }
}
