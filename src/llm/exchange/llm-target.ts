// One candidate as a target of the gateway: its request goes to the service of its provider, and its answer is read here.
import type { Receiver, RequestBody } from "../../core/edges.ts";
import { ERRORS, type ErrorCode } from "../../core/errors.ts";
import type { Service } from "../../core/service.ts";
import type { Target } from "../../core/strategy.ts";
import type { EventForm, Translation } from "../../core/translation.ts";
import type { Translator } from "../../core/translator.ts";
import { DecodedReply } from "../bytes/decoded-reply.ts";
import type { Fault } from "../message/fault.ts";
import type { Call } from "./call.ts";
import { CallEvents } from "./call-events.ts";
import type { Choice } from "./candidates/choice.ts";
import type { Selection } from "./candidates/selection.ts";
import { ReplyReceiver } from "./reply/reply-receiver.ts";

/** Bytes of a compressed answer that may wait, although none was asked for. */
export const MAX_UNDECODED_BYTES = 8 * 1024 * 1024;

/** A candidate that is asked, with the way to the next. */
export class LlmTarget implements Target, Translator, Translation {
  readonly call: Call;
  readonly choice: Choice;
  readonly #selection: Selection;
  /** Whom it takes over from; null: it is the first. */
  readonly #before: LlmTarget | null;
  /** Fault of the provider; null: it has reported none. */
  #fault: Fault | null = null;
  #sentAt = 0;
  /** undefined: not looked for yet. */
  #next: LlmTarget | null | undefined;
  readonly translator = this;
  /** Asking a model twice has no effect but its price, which is what failover costs. */
  readonly repeatable = true;
  readonly isLast = false;
  readonly method = "POST";
  readonly streams: boolean;
  readonly anonymous = true;
  readonly events: EventForm;

  constructor(call: Call, selection: Selection, choice: Choice, before: LlmTarget | null = null) {
    this.call = call;
    this.#before = before;
    this.choice = choice;
    this.#selection = selection;
    this.streams = call.request.stream;
    this.events = new CallEvents(call);
  }

  /** Another candidate is asked rather than waiting for the connection of one that is itself a replacement. */
  get dialTimeoutMs(): number {
    return this.#selection.dialTimeoutMs;
  }

  get service(): Service {
    return this.choice.candidate.provider.service;
  }

  get target(): string {
    return this.choice.request.target;
  }

  get fields(): readonly string[] {
    return this.choice.request.fields;
  }

  /** The last events of a stream that ends here because of a defect; null: the reply is no stream. */
  ending(): Buffer | null {
    const { message } = ERRORS.internal;
    return this.streams ? this.events.error("internal", message) : null;
  }

  begin(): Translation {
    const { candidate, credential, request } = this.choice;
    this.call.begins(candidate, credential.origin);
    this.call.warnings = request.warnings;
    if (this.#before !== null) this.#before.#replaced();
    if (this.choice.reason !== undefined) this.call.fallbackReason = this.choice.reason;
    this.#sentAt = performance.now();
    return this;
  }

  attempt(_body: RequestBody, receiver: Receiver): { readonly body: RequestBody; readonly receiver: Receiver } {
    const read = new DecodedReply(new ReplyReceiver(this, receiver), MAX_UNDECODED_BYTES);
    return { body: this.choice.request.body, receiver: read };
  }

  next(code: ErrorCode | null): Target | null {
    // Answers that come through are for the client: those that are not were declined.
    return code === null ? null : this.#successor(code);
  }

  /**
   * The provider has reported a fault instead of an answer.
   * @returns whether another candidate takes over
   */
  faulted(fault: Fault): boolean {
    const { candidate, credential } = this.choice;
    this.#fault = fault;
    this.call.fault = fault;
    this.call.setup.credentials.failed(credential, candidate.provider.settings, this.#work, fault);
    return this.#successor(null) !== null;
  }

  /** The provider answers. */
  answers(): void {
    const { candidate, credential, request } = this.choice;
    request.body.release();
    this.call.setup.speeds.observe(candidate, performance.now() - this.#sentAt);
    this.call.setup.credentials.worked(credential, candidate.provider.settings, this.#work);
  }

  /** Whether another candidate would take over if the provider went silent now. */
  get hasSuccessor(): boolean {
    return this.#successor("upstream_timeout") !== null;
  }

  #replaced(): void {
    this.call.setup.speeds.failed(this.choice.candidate, performance.now() - this.#sentAt);
  }

  get #work(): string {
    return this.call.workOf(this.choice.candidate);
  }

  #successor(code: ErrorCode | null): LlmTarget | null {
    if (this.#next === undefined) {
      const choice = this.#selection.after(this.choice, this.#fault, code);
      this.#next = choice === null ? null : new LlmTarget(this.call, this.#selection, choice, this);
    }
    return this.#next;
  }
}
