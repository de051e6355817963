// Lets browsers call gRPC services: gRPC-Web in its binary and its text form (grpc/doc/PROTOCOL-WEB.md).
import type { RequestContext } from "../../core/context.ts";
import type { Receiver, RequestBody } from "../../core/edges.ts";
import type { Refusal } from "../../core/reply.ts";
import type { Translation } from "../../core/translation.ts";
import type { Translator } from "../../core/translator.ts";
import { type Fields, getField } from "../../wire/fields.ts";
import { callPath } from "../../wire/grpc.ts";
import { knownField, OTHER, AUTHORIZATION as PASSED } from "../../wire/known.ts";
import { WebBody, type WebBodyObserver } from "./web-body.ts";
import { WebResponse, type WebResponseObserver } from "./web-response.ts";

const TYPE = /^application\/grpc-web(-text)?(\+[\w.-]+)?\s*(;|$)/i;
/** Words of the browser and of gRPC-Web to the gateway, not to the service. */
const OWN: ReadonlySet<string> = new Set([
  "accept",
  "content-type",
  "content-encoding",
  "grpc-accept-encoding",
  "origin",
  "referer",
  "x-grpc-web",
  "x-user-agent",
]);

/** The gRPC-Web side of one route. */
export class GrpcWebTranslator implements Translator {
  readonly #prefix: string;

  /** @param prefix literal prefix of the route's path without trailing slash, which is removed; "" for none */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  begin(ctx: RequestContext): Translation | Refusal {
    const [, text, format = ""] = TYPE.exec(getField(ctx.fields, "content-type") ?? "") ?? [];
    if (ctx.method !== "POST") return { code: "method_not_allowed", fields: ["Allow", "POST"] };
    const path = callPath(ctx.path, this.#prefix);
    if (path === null) return { code: "no_route" };
    const isText = text !== undefined;
    const contentType = `application/grpc-web${text ?? ""}${format.toLowerCase()}`;
    return new WebCall(ctx, path, grpcFields(ctx, format.toLowerCase()), contentType, isText);
  }
}

/** One call. */
class WebCall implements Translation, WebResponseObserver {
  readonly method = "POST";
  readonly target: string;
  readonly fields: readonly string[];
  readonly streams = true;
  readonly #ctx: RequestContext;
  readonly #contentType: string;
  readonly #text: boolean;
  /** The answer whose head was delivered. */
  #begun: WebResponse | null = null;

  constructor(ctx: RequestContext, path: string, fields: Fields, contentType: string, text: boolean) {
    this.#ctx = ctx;
    this.target = path;
    this.fields = fields;
    this.#contentType = contentType;
    this.#text = text;
  }

  attempt(body: RequestBody, receiver: Receiver): { readonly body: RequestBody; readonly receiver: Receiver } {
    const answer = new WebResponse(receiver, this.#contentType, this.#text, this);
    const observer: WebBodyObserver = {
      needed: () => {
        if (this.#ctx.expectsContinue && body.length !== 0) receiver.interim(100, []);
      },
      // "sent": to translate the same input again would fail again.
      refused: (message) => answer.failed({ code: "transcoding_failed", progress: "sent", detail: message, message }),
    };
    return { body: new WebBody(body, this.#text, observer), receiver: answer };
  }

  ending(trailers: readonly string[]): Buffer | null {
    return this.#begun?.ending(trailers) ?? null;
  }

  begins(response: WebResponse): void {
    this.#begun = response;
  }

  noteStatus(status: number): void {
    this.#ctx.grpcStatus = status;
  }
}

function grpcFields({ fields, nominated }: RequestContext, format: string): Fields {
  const out: Fields = ["content-type", `application/grpc${format}`, "te", "trailers"];
  for (let i = 0; i < fields.length; i += 2) {
    const lower = fields[i]!.toLowerCase();
    const known = knownField(lower);
    if ((known !== OTHER && known !== PASSED) || OWN.has(lower) || lower.startsWith("sec-")) continue;
    if (lower.startsWith("access-control-") || nominated?.has(lower) === true) continue;
    out.push(lower, fields[i + 1]!);
  }
  return out;
}
