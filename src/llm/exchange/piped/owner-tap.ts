// Passes an answer on, and notes the objects that it says were made: only their maker can find them again.
import type { Receiver, SendFailure } from "../../../core/edges.ts";
import { getField } from "../../../wire/fields.ts";
import { Gathered } from "../../../wire/gathered.ts";
import { isObject, type JsonObject, listOr, objectOr, parseObject, textOr } from "../../json/values.ts";
import { addPipedFields, passedFields } from "../reply/reply-fields.ts";
import type { PipedRequest } from "./piped-request.ts";

/** Largest answer that is looked at, bytes: descriptions of objects are small. */
const MAX_BYTES = 256 * 1024;
/** Largest list that is reduced to what is the client's, bytes. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;
/** Members of a job that name what it has made. */
const RESULTS = ["output_file_id", "error_file_id"] as const;

/** The answer of one attempt. */
export class OwnerTap implements Receiver {
  readonly #request: PipedRequest;
  readonly #to: Receiver;
  /** null: the answer makes nothing, or is not looked at any more. */
  #body: Gathered | null = null;
  /** Head of a list that is held until it is reduced; null: the answer is none. */
  #list: { readonly reason: string; readonly fields: string[] } | null = null;

  constructor(request: PipedRequest, to: Receiver) {
    this.#request = request;
    this.#to = to;
  }

  interim(status: number, fields: readonly string[]): void {
    this.#to.interim(status, fields);
  }

  head(status: number, reason: string, fields: string[], length: number): void {
    const { provider, settings, isShared, credential } = this.#request;
    const isJson = (getField(fields, "content-type") ?? "").startsWith("application/json");
    const passed = passedFields(fields, credential);
    addPipedFields(passed, provider, settings);
    this.#request.putUploadsHere(passed);
    if (isShared && status < 300) {
      this.#list = { reason, fields: passed };
      this.#body = new Gathered();
      return;
    }
    if (isJson && status < 300 && length <= MAX_BYTES) this.#body = new Gathered();
    this.#to.head(status, reason, passed, length);
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    this.#body?.add(chunk);
    if (this.#list !== null) {
      release?.();
      if (this.#body!.length > MAX_LIST_BYTES) this.#body!.clear();
      if (last) this.#sendList();
      return true;
    }
    if ((this.#body?.length ?? 0) > MAX_BYTES) this.#body = null;
    if (last) this.#note();
    return this.#to.data(chunk, release, last);
  }

  end(trailers: readonly string[]): void {
    if (this.#list !== null) return this.#sendList();
    this.#note();
    this.#to.end(trailers);
  }

  flush(): void {
    if (this.#list === null) this.#to.flush();
  }

  failed(failure: SendFailure): void {
    this.#to.failed(failure);
  }

  #note(): void {
    if (this.#body === null) return;
    const object = parseObject(this.#body.take());
    this.#body = null;
    if (object === null) return;
    const made = this.#request.ctx.method === "POST" ? idOf(object) : null;
    const results = [...RESULTS.map((key) => object[key]), ...listOr(object.result_files)];
    for (const id of [made, ...results]) if (typeof id === "string") this.#request.made(id);
  }

  /** Sends the list without what other clients have made. What is no list is not sent. */
  #sendList(): void {
    const { reason, fields } = this.#list!;
    const whole = parseObject(this.#body!.take()) ?? {};
    const lists = Object.entries(whole).filter(([, value]) => Array.isArray(value));
    const own = lists.map(([key, items]) => [key, listOr(items).filter((item) => this.#isOwn(item))]);
    const bytes = jsonOf({ ...whole, ...Object.fromEntries(own) });
    if (bytes === null) {
      return this.#to.failed({ code: "upstream_protocol", progress: "sent", detail: "a list that is nested too deep" });
    }
    this.#to.head(200, reason, fields, bytes.length);
    this.#to.data(bytes, null, true);
  }

  #isOwn(item: unknown): boolean {
    const id = isObject(item) ? idOf(item) : null;
    return id !== null && this.#request.isOwn(id);
  }
}

/** null: nested deeper than can be written. */
function jsonOf(object: JsonObject): Buffer | null {
  try {
    return Buffer.from(JSON.stringify(object));
  } catch {
    return null;
  }
}

/** The id of an object; Gemini calls it a name, and wraps files that were uploaded. */
function idOf(object: JsonObject): string | null {
  return textOr(object.id) ?? textOr(object.name) ?? textOr(objectOr(object.file)?.name);
}
