// Deletes client-sent copies of fields that an authorization service sets: in headers, trailers and metadata, in every spelling.
import type { RequestContext } from "../core/context.ts";
import type { BodyReceiver, RequestBody } from "../core/edges.ts";
import type { Filter } from "../core/filter.ts";
import { FoldedNames, metadataName } from "../wire/folded-names.ts";

/** Also needed on routes without authentication: they may share backends that trust these fields on any path. */
export function assertedFields(given: readonly string[]): Filter {
  const names = new FoldedNames(given);
  return {
    name: "asserted-fields",
    phase: "authenticate",
    onRequest(ctx: RequestContext) {
      const { fields } = ctx;
      for (let i = 0; i < fields.length; i += 2) {
        const name = fields[i]!;
        if (!names.has(name)) continue;
        ctx.edited().drop(name);
        ctx.edited().drop(metadataName(name)); // the name that a translator gives it
      }
      if (!ctx.body.complete) ctx.body = new BodyWithout(ctx.body, names);
      return undefined;
    },
  };
}

/** A body without some of its trailers. */
class BodyWithout implements RequestBody {
  readonly #body: RequestBody;
  readonly #names: FoldedNames;

  constructor(body: RequestBody, names: FoldedNames) {
    this.#body = body;
    this.#names = names;
  }

  get length(): number {
    return this.#body.length;
  }

  get complete(): boolean {
    return this.#body.complete;
  }

  get bytes(): number {
    return this.#body.bytes;
  }

  get replayable(): boolean {
    return this.#body.replayable === true;
  }

  limit(maxBytes: number): void {
    this.#body.limit(maxBytes);
  }

  start(to: BodyReceiver): void {
    this.#body.start({
      data: (chunk) => to.data(chunk),
      end: (trailers) => to.end(trailers.filter((_, i) => !this.#names.has(trailers[i & ~1]!))),
    });
  }

  resume(): void {
    this.#body.resume();
  }
}
