// Receives the answer of one attempt and decides by its head how it is read.
import type { Receiver, SendFailure } from "../../../core/edges.ts";
import { getField } from "../../../wire/fields.ts";
import { withoutCredential } from "../../credentials/conceal.ts";
import type { JsonObject } from "../../json/values.ts";
import { badResponse, type Fault, LlmError } from "../../message/fault.ts";
import { printable } from "../../message/printable.ts";
import type { Call } from "../call.ts";
import type { Choice } from "../candidates/choice.ts";
import { codeOf } from "../gateway-faults.ts";
import { noteMade } from "../stored-answers.ts";
import { CollectedEvents } from "./collected-events.ts";
import { deliverFault } from "./deliver-fault.ts";
import { FaultReply } from "./fault-reply.ts";
import { PassedEvents } from "./passed-events.ts";
import { addCallFields, EVENT_STREAM, passedFields, upstreamId } from "./reply-fields.ts";
import type { AskedTarget, ReplyOutput, ReplyPart } from "./reply-part.ts";
import { TranslatedEvents } from "./translated-events.ts";
import { WholeReply } from "./whole-reply.ts";

const EVENTS = /^text\/event-stream(?:;|$)/i;
const JSON_TYPE = /^application\/(?:[a-z.+-]*\+)?json(?:;|$)/i;
/** Time for a provider to end an answer that is complete, ms. */
const LINGER_MS = 500;
/** Time for a provider to send the body of an error, ms. */
const ERROR_BODY_MS = 10_000;
const NO_FIELDS: readonly string[] = [];

/** The answer of one attempt. */
export class ReplyReceiver implements Receiver, ReplyOutput {
  readonly #target: AskedTarget;
  readonly #to: Receiver;
  #part: ReplyPart | null = null;
  /** Of the provider's answer. */
  fields: readonly string[] = NO_FIELDS;
  #over = false;
  /** The provider has ended the answer. */
  #ended = false;
  /** All of the answer has come, but not its end. */
  #isComplete = false;
  /** The client takes no more for now: silence is its own. */
  #full = false;
  #timer: NodeJS.Timeout | undefined;
  /** The timer runs until a time, not from the last byte on. */
  #fixed = false;

  constructor(target: AskedTarget, to: Receiver) {
    this.#target = target;
    this.#to = to;
    const { ttftTimeoutMs } = target.choice.candidate.provider.settings;
    if (ttftTimeoutMs > 0) this.#watch(ttftTimeoutMs, true);
    target.call.ctx.onDone(() => this.#stop());
  }

  get call(): Call {
    return this.#target.call;
  }

  get choice(): Choice {
    return this.#target.choice;
  }

  interim(): void {}

  head(status: number, _reason: string, fields: string[]): void {
    const { call, choice } = this.#target;
    const id = choice.credential.hideIn(upstreamId(fields));
    if (id !== "") call.upstreamIds.push(id);
    this.fields = fields;
    try {
      this.#part = this.#partFor(status, getField(fields, "content-type") ?? "");
    } catch (error) {
      if (!(error instanceof LlmError)) return this.#broken(error);
      const { fault } = error;
      return this.faulted(fault, (shown) => deliverFault(shown, this));
    }
    if (this.#part.lost !== undefined) this.#watch(ERROR_BODY_MS, true);
    else if (this.#timer === undefined) this.#idle();
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    let more = true;
    if (!this.#over) {
      this.#ended = last;
      if (!this.#fixed) this.#timer?.refresh();
      try {
        more = this.#part!.data(chunk);
      } catch (error) {
        this.#broken(error);
      }
    }
    release?.();
    this.#full = !more;
    if (last) this.end();
    return more;
  }

  end(): void {
    if (this.#over) return;
    this.#ended = true;
    try {
      this.#part!.end();
    } catch (error) {
      this.#broken(error);
    }
  }

  flush(): void {}

  failed(failure: SendFailure): void {
    if (this.#over || this.#isEnough()) return;
    this.#stop();
    this.#to.failed(this.#target.call.hasContent ? failure : { ...failure, progress: "declined" });
  }

  /** The provider has reported a fault. Before any content another candidate takes over; if there is none, `deliver` is called. */
  faulted(reported: Fault, deliver: (shown: Fault) => void): void {
    if (this.#over) return;
    const { call, choice } = this.#target;
    const fault = withoutCredential(reported, choice.credential);
    const hasSuccessor = this.#target.faulted(fault);
    const detail = `${fault.kind}${fault.code === null ? "" : ` ${fault.code}`}, status ${fault.status}`;
    if (call.hasContent) {
      call.ctx.error = codeOf(fault);
      call.ctx.detail = detail;
      return deliver(fault);
    }
    // What follows a head that was sent early is written where the request is given up.
    if (!hasSuccessor && call.ctx.status === 0) return deliver(fault);
    this.#stop();
    this.#to.failed({ code: "model_unavailable", progress: "declined", detail, status: fault.status });
  }

  made(object: JsonObject | null): void {
    const { candidate, credential, request } = this.choice;
    const owner = { provider: candidate.provider.settings.id, fingerprint: credential.fingerprint };
    if (request.native) noteMade(this.call, object, owner);
  }

  /** Sends a complete answer. @param from fields of the provider that go to the client, too */
  answer(status: number, body: Buffer, from: string[]): void {
    if (this.#over) return;
    this.#stop();
    const { ctx } = this.#target.call;
    if (ctx.status === 0) {
      addCallFields(from, this.#target.call);
      this.#to.head(status, "", from, body.length);
    }
    this.#last(body);
  }

  /** Sends events; the first ones with the head of the reply. @param last nothing follows them */
  events(bytes: Buffer, last: boolean): boolean {
    if (this.#over) return true;
    if (!this.call.hasContent) this.#begin();
    if (!last) return this.#to.data(bytes, null, false);
    this.#stop();
    this.#last(bytes);
    return true;
  }

  /** Sends the last bytes. A provider that has not ended its answer is given up. */
  #last(bytes: Buffer): void {
    this.#to.data(bytes, null, this.#ended);
    if (!this.#ended) this.#to.enough!();
  }

  /** The answer has been completed by what was sent before. */
  finish(): void {
    if (this.#over) return;
    this.#stop();
    this.#to.end(NO_FIELDS);
  }

  complete(): void {
    if (this.#over || this.#isComplete) return;
    this.#isComplete = true;
    this.#watch(LINGER_MS, true);
  }

  #begin(): void {
    const { call, choice } = this.#target;
    call.contentBegins();
    this.#target.answers();
    this.#idle();
    if (call.ctx.status !== 0) return this.#to.begun?.(null);
    const fields = choice.request.native
      ? passedFields(this.fields, choice.credential)
      : ["Content-Type", call.request.format.client.streamType ?? EVENT_STREAM];
    addCallFields(fields, call);
    this.#to.head(200, "", fields, -1);
    this.#to.flush();
  }

  /** @throws LlmError the answer is of a type that none has */
  #partFor(status: number, type: string): ReplyPart {
    const { call, choice } = this.#target;
    if (status < 200 || status > 299) return new FaultReply(this, status);
    if (EVENTS.test(type)) {
      if (!call.request.stream) return new CollectedEvents(this);
      return choice.request.native ? new PassedEvents(this) : new TranslatedEvents(this);
    }
    if (JSON_TYPE.test(type)) return new WholeReply(this);
    throw badResponse(`a body of type ${printable(type).slice(0, 100)}`);
  }

  /** A defect: the request fails, in the client's format. */
  #broken(error: unknown): void {
    const { ctx } = this.#target.call;
    this.#stop();
    ctx.defects!.defect(ctx, error);
  }

  /** Nothing more comes. @returns whether what has come is enough */
  #isEnough(): boolean {
    if (!this.#isComplete) return this.#part?.lost?.() ?? false;
    this.#stop();
    this.#to.enough!();
    return true;
  }

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #idle(): void {
    this.#watch(this.#target.choice.candidate.provider.settings.idleTimeoutMs, false);
  }

  #watch(ms: number, fixed: boolean): void {
    clearTimeout(this.#timer);
    this.#fixed = fixed;
    this.#timer = ms > 0 ? setTimeout(silent, ms, this) : undefined;
  }

  /** The provider has said nothing for too long. */
  lapse(): void {
    try {
      this.#lapse();
    } catch (error) {
      this.#broken(error);
    }
  }

  #lapse(): void {
    if (this.#over || this.#isEnough()) return;
    const { call } = this.#target;
    if (this.#full) return void this.#timer?.refresh();
    // Nobody else could do better than a model that is slow to begin.
    if (this.#fixed && !this.#target.hasSuccessor) return this.#part === null ? this.#unwatch() : this.#idle();
    this.#stop();
    const progress = call.hasContent ? "responding" : "declined";
    this.#to.failed({ code: "upstream_timeout", progress, detail: "the provider was silent for too long" });
  }

  /** Until the head comes; the service has its own time for that. */
  #unwatch(): void {
    this.#timer = undefined;
    this.#fixed = false;
  }
}

function silent(receiver: ReplyReceiver): void {
  receiver.lapse();
}
