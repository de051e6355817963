// Passes an answer on, and notes the object that it says was made: only its maker can find it again.
import type { Receiver, SendFailure } from "../../../core/edges.ts";
import { getField } from "../../../wire/fields.ts";
import { Gathered } from "../../../wire/gathered.ts";
import { textOr } from "../../json/values.ts";
import { parseObject } from "../reply/parse-object.ts";
import { addPipedFields, passedFields } from "../reply/reply-fields.ts";
import type { PipedRequest } from "./piped-request.ts";

/** Largest answer that is looked at, bytes: descriptions of objects are small. */
const MAX_BYTES = 256 * 1024;

/** The answer of one attempt. */
export class OwnerTap implements Receiver {
  readonly #request: PipedRequest;
  readonly #to: Receiver;
  /** null: the answer makes nothing, or is not looked at any more. */
  #body: Gathered | null = null;

  constructor(request: PipedRequest, to: Receiver) {
    this.#request = request;
    this.#to = to;
  }

  interim(status: number, fields: readonly string[]): void {
    this.#to.interim(status, fields);
  }

  head(status: number, reason: string, fields: string[], length: number): void {
    const { ctx, provider } = this.#request;
    const type = getField(fields, "content-type") ?? "";
    const makes = ctx.method === "POST" && status < 300 && type.startsWith("application/json") && length <= MAX_BYTES;
    if (makes) this.#body = new Gathered();
    const passed = passedFields(fields);
    addPipedFields(passed, provider, this.#request.settings);
    this.#to.head(status, reason, passed, length);
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    this.#body?.add(chunk);
    if ((this.#body?.length ?? 0) > MAX_BYTES) this.#body = null;
    if (last) this.#note();
    return this.#to.data(chunk, release, last);
  }

  end(trailers: readonly string[]): void {
    this.#note();
    this.#to.end(trailers);
  }

  flush(): void {
    this.#to.flush();
  }

  failed(failure: SendFailure): void {
    this.#to.failed(failure);
  }

  #note(): void {
    if (this.#body === null) return;
    const object = parseObject(this.#body.take());
    this.#body = null;
    const id = object === null ? null : (textOr(object.id) ?? textOr(object.name));
    if (id !== null) this.#request.made(id);
  }
}
