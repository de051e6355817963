// An operation that is passed to a provider as it is: files, batches, audio, images, stored responses.
import type { Receiver, RequestBody } from "../../../core/edges.ts";
import type { Service } from "../../../core/service.ts";
import type { Target } from "../../../core/strategy.ts";
import type { Translation } from "../../../core/translation.ts";
import type { Translator } from "../../../core/translator.ts";
import { WholeBody } from "../../../wire/whole-body.ts";
import { DecodedReply } from "../../bytes/decoded-reply.ts";
import { MAX_UNDECODED_BYTES } from "../llm-target.ts";
import { OwnerTap } from "./owner-tap.ts";
import type { PipedRequest } from "./piped-request.ts";

/** One request, whose body and answer are never held. */
export class PipedTarget implements Target, Translator, Translation {
  readonly #request: PipedRequest;
  readonly service: Service;
  readonly method: string;
  readonly target: string;
  readonly fields: readonly string[];
  readonly translator = this;
  readonly repeatable = false;
  readonly isLast = true;
  readonly anonymous = true;
  readonly streams = true;

  constructor(request: PipedRequest) {
    this.#request = request;
    this.service = request.provider.service;
    this.method = request.ctx.method;
    this.target = request.target;
    this.fields = request.fields;
  }

  begin(): Translation {
    return this;
  }

  attempt(body: RequestBody, receiver: Receiver): { readonly body: RequestBody; readonly receiver: Receiver } {
    const { body: read } = this.#request;
    return {
      body: read === null ? body : new WholeBody(read),
      receiver: new DecodedReply(new OwnerTap(this.#request, receiver), MAX_UNDECODED_BYTES),
    };
  }

  next(): null {
    return null;
  }
}
