// What a gRPC route does with clients that do not speak gRPC themselves, told apart by their content type.
import type { RequestContext } from "../core/context.ts";
import type { Refusal } from "../core/reply.ts";
import type { Translation } from "../core/translation.ts";
import type { Translator } from "../core/translator.ts";
import { grpcKind } from "../wire/grpc.ts";

/** gRPC passes as it is; gRPC-Web and everything else have a translator each, or none. */
export class ByContentType implements Translator {
  readonly #web: Translator | null;
  readonly #other: Translator | null;

  constructor(web: Translator | null, other: Translator | null) {
    this.#web = web;
    this.#other = other;
  }

  begin(ctx: RequestContext): Translation | Refusal | null {
    const kind = grpcKind(ctx.fields);
    if (kind === "native") return null;
    return (kind === "web" ? this.#web : this.#other)?.begin(ctx) ?? null;
  }
}
