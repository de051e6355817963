// Builds the check request: a GET without body that describes the client's request to the authorization service.
import type { RequestContext } from "../../core/context.ts";
import { NO_BODY } from "../../core/null-upstream.ts";
import type { UpstreamRequest } from "../../core/upstream-request.ts";
import { clientScheme } from "../../wire/client-view.ts";
import { bindsConnection } from "../../wire/connection-credentials.ts";
import { fieldBlock, getField, isField } from "../../wire/fields.ts";
import { FoldedNames } from "../../wire/folded-names.ts";
import { ACCEPT_ENCODING, AUTHORIZATION, knownField, OTHER } from "../../wire/known.ts";
import { assertedNames, type ForwardService } from "./settings.ts";

/** Fields that would describe a body, a condition or range of the resource, or another protocol. */
const EXCLUDED = /^(content-|if-|sec-websocket-|range$|grpc-(timeout|encoding)$)/;

/** Check requests to one service. */
export class CheckRequests {
  readonly #target: string;
  /** null: all but {@link EXCLUDED}. */
  readonly #selected: ReadonlySet<string> | null;
  readonly #asserted: FoldedNames;

  constructor(service: ForwardService) {
    this.#target = service.target;
    this.#selected = service.requestHeaders === null ? null : new Set(service.requestHeaders);
    this.#asserted = new FoldedNames(assertedNames(service, false));
  }

  /** The check request for a client's request. */
  for(ctx: RequestContext): UpstreamRequest {
    const { requestId, instanceId } = ctx.snapshot!;
    const fields: string[] = [];
    let exclusive = false;
    const given = withoutPrivateCookies(ctx);
    for (let i = 0; i < given.length; i += 2) {
      const name = given[i]!;
      if (!this.#sends(ctx, name)) continue;
      const value = given[i + 1]!;
      if (knownField(name) === AUTHORIZATION && bindsConnection(value)) exclusive = true;
      fields.push(name, value);
    }
    // X-Gateway lets the gateway detect a loop if the service is routed back to it.
    const own = ["X-Gateway", instanceId];
    if (ctx.requestId !== "" && requestId.propagate) own.push(requestId.headerName, ctx.requestId);
    const head = {
      method: "GET",
      target: this.#target,
      authority: null,
      fields,
      forwarded: fieldBlock(forwardedFields(ctx)),
      kind: "http",
      acceptsTrailers: false,
      expectsContinue: false,
      exclusive,
      times: null,
      dialTimeoutMs: 0,
    } as const;
    return { head, own, body: NO_BODY, fresh: false };
  }

  #sends(ctx: RequestContext, name: string): boolean {
    const kind = knownField(name);
    if (kind !== OTHER && kind !== AUTHORIZATION && kind !== ACCEPT_ENCODING) return false;
    const lower = name.toLowerCase();
    if (lower === ctx.snapshot!.requestId.lowerName || ctx.nominated?.has(lower) === true) return false;
    return this.#selected === null ? !EXCLUDED.test(lower) && !this.#asserted.has(name) : this.#selected.has(lower);
  }
}

/** Built from the request as routed, not from the client's own fields, so that the service decides on the actual request. */
function forwardedFields(ctx: RequestContext): string[] {
  const { strip, calls } = ctx.route!.target;
  const fields = ["X-Forwarded-For", ctx.clientIp || "unknown", "X-Forwarded-Proto", clientScheme(ctx)];
  if (ctx.authority !== "") fields.push("X-Forwarded-Host", ctx.authority);
  fields.push("X-Forwarded-Method", ctx.method, "X-Forwarded-Uri", ctx.path + ctx.query);
  if (strip !== "" && !calls) fields.push("X-Forwarded-Prefix", strip);
  if (ctx.clientIp !== "") fields.push("X-Real-IP", ctx.clientIp);
  fields.push(...(ctx.peer.secured?.certificateFields ?? []));
  return fields;
}

/** The fields of the client, without the cookies of logins and sessions. */
function withoutPrivateCookies({ edit, fields }: RequestContext): readonly string[] {
  if (edit === null || !edit.drops("cookie")) return fields;
  const cookie = getField(edit.fields, "cookie");
  const others = fields.filter((_, i) => !isField(fields[i - (i % 2)]!, "cookie"));
  return cookie === undefined ? others : [...others, "Cookie", cookie];
}
