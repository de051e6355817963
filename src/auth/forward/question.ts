// What a service is asked about a request: a GET without body, with fields of the client, and where that wants to go.
import type { RequestContext } from "../../core/context.ts";
import { NO_BODY } from "../../core/null-upstream.ts";
import type { UpstreamRequest } from "../../core/upstream-request.ts";
import { clientScheme } from "../../wire/client-view.ts";
import { bindsConnection } from "../../wire/connection-credentials.ts";
import { fieldBlock } from "../../wire/fields.ts";
import { FoldedNames } from "../../wire/folded-names.ts";
import { ACCEPT_ENCODING, AUTHORIZATION, knownField, OTHER } from "../../wire/known.ts";
import { assertedNames, type ForwardService } from "./settings.ts";

/** Fields about a body, about conditions on the resource itself, and about another protocol. */
const SILENT = /^(content-|if-|sec-websocket-|range$|grpc-(timeout|encoding)$)/;

/** Puts the question to one service. */
export class Questions {
  readonly #target: string;
  /** null: all that say something. */
  readonly #told: ReadonlySet<string> | null;
  readonly #asserted: FoldedNames;

  constructor(service: ForwardService) {
    this.#target = service.target;
    this.#told = service.requestHeaders === null ? null : new Set(service.requestHeaders);
    this.#asserted = new FoldedNames(assertedNames(service, false));
  }

  about(ctx: RequestContext): UpstreamRequest {
    const { requestId, instanceId } = ctx.snapshot!;
    const fields: string[] = [];
    let exclusive = false;
    for (let i = 0; i < ctx.fields.length; i += 2) {
      const name = ctx.fields[i]!;
      if (!this.#tells(ctx, name)) continue;
      const value = ctx.fields[i + 1]!;
      if (knownField(name) === AUTHORIZATION && bindsConnection(value)) exclusive = true;
      fields.push(name, value);
    }
    const own = ["X-Gateway", instanceId];
    if (ctx.requestId !== "" && requestId.propagate) own.push(requestId.headerName, ctx.requestId);
    const head = {
      method: "GET",
      target: this.#target,
      authority: null,
      fields,
      forwarded: fieldBlock(routedFields(ctx)),
      kind: "http",
      acceptsTrailers: false,
      expectsContinue: false,
      exclusive,
      times: null,
    } as const;
    return { head, own, body: NO_BODY, fresh: false };
  }

  #tells(ctx: RequestContext, name: string): boolean {
    const kind = knownField(name);
    if (kind !== OTHER && kind !== AUTHORIZATION && kind !== ACCEPT_ENCODING) return false;
    const lower = name.toLowerCase();
    if (lower === ctx.snapshot!.requestId.lowerName || ctx.nominated?.has(lower) === true) return false;
    return this.#told === null ? !SILENT.test(lower) && !this.#asserted.has(name) : this.#told.has(lower);
  }
}

/** The request as it was routed: nothing of it is the client's own word, so that the service decides about what will be done. */
function routedFields(ctx: RequestContext): string[] {
  const { strip, calls } = ctx.route!.target;
  const fields = ["X-Forwarded-For", ctx.clientIp || "unknown", "X-Forwarded-Proto", clientScheme(ctx)];
  if (ctx.authority !== "") fields.push("X-Forwarded-Host", ctx.authority);
  fields.push("X-Forwarded-Method", ctx.method, "X-Forwarded-Uri", ctx.path + ctx.query);
  if (strip !== "" && !calls) fields.push("X-Forwarded-Prefix", strip);
  if (ctx.clientIp !== "") fields.push("X-Real-IP", ctx.clientIp);
  fields.push(...(ctx.peer.secured?.certificateFields ?? []));
  return fields;
}
