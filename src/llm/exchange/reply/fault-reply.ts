// A reply of a provider whose status is an error.

import { Gathered } from "../../../wire/gathered.ts";
import { isObject, parseObject } from "../../json/values.ts";
import type { FaultKind } from "../../message/fault.ts";
import { deliverFault, retryFields } from "./deliver-fault.ts";
import { passedFields } from "./reply-fields.ts";
import type { ReplyOutput, ReplyPart } from "./reply-part.ts";

/** Largest error that is read, bytes; what follows is not needed to tell its kind. */
const MAX_BYTES = 256 * 1024;

/** Faults of a credential, or of who pays for it. */
const OF_ACCOUNT: ReadonlySet<FaultKind> = new Set<FaultKind>(["authentication", "billing", "permission"]);

/** Reads the error of a provider. */
export class FaultReply implements ReplyPart {
  readonly #to: ReplyOutput;
  readonly #status: number;
  readonly #body = new Gathered();

  constructor(to: ReplyOutput, status: number) {
    this.#to = to;
    this.#status = status;
  }

  data(chunk: Buffer): boolean {
    this.#body.add(chunk);
    if (this.#body.length >= MAX_BYTES) this.end();
    return true;
  }

  /** The status has said most of it. */
  lost(): boolean {
    this.end();
    return true;
  }

  end(): void {
    const bytes = this.#body.take();
    const { fields, choice, call } = this.#to;
    const { format, native } = choice.request;
    // 3xx and others below 400: no API of the kind answers so.
    const status = this.#status < 400 ? 502 : this.#status;
    const json = parseObject(bytes);
    const { credential } = choice;
    this.#to.faulted(format.provider.readError(status, json, fields), (fault) => {
      const passes = native && this.#status >= 400 && isObject(json?.error);
      // What is said of the operator's account is not for clients.
      const isSecret = credential.origin === "operator" && (OF_ACCOUNT.has(fault.kind) || credential.isIn(bytes));
      if (!passes || isSecret) return deliverFault(fault, this.#to);
      this.#to.answer(status, bytes, [
        ...passedFields(fields, credential),
        ...retryFields({ ...fault, retryAfterMs: -1 }, call.ctx.attempts),
      ]);
    });
  }
}
