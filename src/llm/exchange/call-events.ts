// How the event stream of a call is kept alive, and how it ends if it cannot be completed.
import type { ErrorCode } from "../../core/errors.ts";
import type { EventForm } from "../../core/translation.ts";
import type { Call } from "./call.ts";
import { faultForCode } from "./gateway-faults.ts";
import { addCallFields, EVENT_STREAM } from "./reply/reply-fields.ts";

/** The stream of one call. */
export class CallEvents implements EventForm {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  get earlyMs(): number {
    return this.#call.request.stream ? this.#call.setup.settings.keepAliveMs : 0;
  }

  earlyFields(): string[] {
    const fields = ["Content-Type", this.#call.request.format.client.streamType ?? EVENT_STREAM];
    addCallFields(fields, this.#call);
    return fields;
  }

  get type(): string | undefined {
    return this.#call.request.stream ? this.#call.request.format.client.streamType : undefined;
  }

  get keepAlive(): Buffer {
    return Buffer.from(this.#call.request.format.client.keepAlive);
  }

  get isEmpty(): boolean {
    return !this.#call.hasContent;
  }

  error(code: ErrorCode, message: string): Buffer {
    const { request, ctx, fault, hasContent } = this.#call;
    // Once there was content, what earlier candidates have said is of no interest.
    const shown = hasContent || fault === null ? faultForCode(code, message) : fault;
    return Buffer.from(request.format.client.errorEvents(shown, ctx.requestId, hasContent));
  }
}
