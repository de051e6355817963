// The contracts between one attempt, the receiver of its answer, and the readers of the kinds of answers.
import type { JsonObject } from "../../json/values.ts";
import type { Fault } from "../../message/fault.ts";
import type { Call } from "../call.ts";
import type { Choice } from "../candidates/choice.ts";

/** The attempt an answer belongs to. */
export interface AskedTarget {
  readonly call: Call;
  readonly choice: Choice;
  /** Whether another candidate would take over if the provider went silent now. */
  readonly hasSuccessor: boolean;
  /** The provider has reported a fault instead of an answer. @returns whether another candidate takes over */
  faulted(fault: Fault): boolean;
  /** The provider answers. */
  answers(): void;
}

/** Reads the body of an answer. */
export interface ReplyPart {
  /** @returns false when no more may come until the upstream is resumed */
  data(chunk: Buffer): boolean;
  /** The provider has ended the answer in good order. */
  end(): void;
  /** The rest does not come. Absent: without it the answer is of no use. @returns whether what has come is enough */
  lost?(): boolean;
}

/** Takes what a {@link ReplyPart} makes of the body. */
export interface ReplyOutput {
  readonly call: Call;
  readonly choice: Choice;
  /** Of the provider's answer, flat. */
  readonly fields: readonly string[];
  /** The provider has reported a fault. Where no other candidate takes over, `deliver` is called with what clients may see of it. */
  faulted(fault: Fault, deliver: (shown: Fault) => void): void;
  /** The provider has made an object with this description. */
  made(object: JsonObject | null): void;
  /** Sends a complete answer. @param fields for the client, flat */
  answer(status: number, body: Buffer, fields: string[]): void;
  /** Sends whole events; the first ones with the head of the reply. @param last nothing follows them */
  events(bytes: Buffer, last: boolean): boolean;
  /** The answer is complete by what was sent before, and the provider has ended it. */
  finish(): void;
  /** The provider has sent all of the answer; it is given a moment to end it. */
  complete(): void;
}
