// A client and a service in one process around a translator: the request goes in as HTTP, the service sees messages.
import assert from "node:assert/strict";
import { type DescMethod, fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import type { RequestContext } from "../../src/core/context.ts";
import type { BodyReceiver, Downstream, Receiver, RequestBody, SendFailure } from "../../src/core/edges.ts";
import { isRefusal, type Refusal } from "../../src/core/reply.ts";
import type { Translation } from "../../src/core/translation.ts";
import type { Translator } from "../../src/core/translator.ts";
import type { DescriptorPool } from "../../src/translators/grpc-json/descriptors/pool.ts";
import { FrameReader, frame } from "../../src/translators/grpc-json/messages/frames.ts";
import { canonicalPath } from "../../src/wire/path.ts";
import { contextOf } from "./context.ts";

/** A request body that is there already, in pieces; waits when it is told to. */
export class FakeBody implements RequestBody {
  readonly length: number;
  complete: boolean;
  bytes = 0;
  readonly #chunks: Buffer[];
  #to: BodyReceiver | null = null;
  #running = false;
  #paused = false;

  constructor(chunks: readonly Buffer[], known = true) {
    this.#chunks = [...chunks];
    this.length = known ? chunks.reduce((sum, chunk) => sum + chunk.length, 0) : -1;
    this.complete = this.length === 0;
  }

  limit(): void {}

  start(to: BodyReceiver): void {
    this.#to = to;
    this.#run();
  }

  resume(): void {
    this.#paused = false;
    this.#run();
  }

  /** Pieces nobody has taken. */
  get left(): number {
    return this.#chunks.length;
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    while (!this.#paused && this.#chunks.length > 0) {
      const chunk = this.#chunks.shift()!;
      this.bytes += chunk.length;
      if (!this.#to!.data(chunk)) this.#paused = true;
    }
    this.#running = false;
    if (!this.#paused && !this.complete) {
      this.complete = true;
      this.#to!.end([]);
    }
  }
}

/** Collects a response. */
export class FakeReceiver implements Receiver {
  status = 0;
  fields: string[] = [];
  length = -2;
  readonly interims: number[] = [];
  readonly pieces: string[] = [];
  readonly raw: Buffer[] = [];
  trailers: readonly string[] | null = null;
  ended = 0;
  failure: SendFailure | null = null;
  /** Events after the end or a failure. */
  late = 0;
  full = false;

  /** What each stream that begins gives to send its head with. */
  readonly releases: ((() => void) | null)[] = [];

  interim(status: number): void {
    this.interims.push(status);
  }
  begun(release: (() => void) | null): void {
    this.#check();
    this.releases.push(release);
  }
  head(status: number, _reason: string, fields: string[], length: number): void {
    this.#check();
    assert.equal(this.status, 0, "one head");
    this.status = status;
    this.fields = fields;
    this.length = length;
  }
  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    this.#check();
    assert.notEqual(this.status, 0, "head before data");
    this.raw.push(Buffer.from(chunk));
    this.pieces.push(chunk.toString());
    release?.();
    if (last) this.ended++;
    return !this.full;
  }
  end(trailers: readonly string[]): void {
    this.#check();
    this.ended++;
    this.trailers = trailers;
  }
  flush(): void {}
  failed(failure: SendFailure): void {
    this.#check();
    this.failure = failure;
  }

  get text(): string {
    return Buffer.concat(this.raw).toString();
  }
  get json(): JsonValue {
    return JSON.parse(this.text) as JsonValue;
  }
  field(name: string): string | undefined {
    const i = this.fields.findIndex((field, at) => at % 2 === 0 && field.toLowerCase() === name.toLowerCase());
    return i === -1 ? undefined : this.fields[i + 1];
  }
  #check(): void {
    if (this.ended > 0 || this.failure !== null) this.late++;
  }
}

/** One HTTP request. */
export interface FakeRequest {
  readonly method?: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly fields?: readonly string[];
  readonly body?: string | Buffer | readonly Buffer[];
  readonly known?: boolean;
  readonly expects?: boolean;
}

/** What the service answers. */
export interface FakeAnswer {
  readonly head?: readonly string[];
  /** JSON of messages, or their bytes. */
  readonly messages?: readonly (JsonValue | Uint8Array)[];
  readonly trailers?: readonly string[];
}

/** A context as the pipeline would have it when a route was matched. */
export function clientRequest(request: FakeRequest): RequestContext {
  const { body = "", known = true } = request;
  const chunks =
    typeof body === "string" ? (body === "" ? [] : [Buffer.from(body)]) : Buffer.isBuffer(body) ? [body] : body;
  const downstream = { body: new FakeBody(chunks, known) } as unknown as Downstream;
  const { method = "GET", target, fields = [], expects = false } = request;
  const ctx = contextOf({ downstream, method, target, fields, expectsContinue: expects });
  ctx.path = canonicalPath(ctx.rawPath)!;
  return ctx;
}

/** Begins, and expects a translation. */
export function begin(translator: Translator, ctx: RequestContext): Translation {
  const translation = translator.begin(ctx);
  assert.ok(translation !== null && "target" in translation, `refused: ${JSON.stringify(translation)}`);
  return translation;
}

/** Begins, and expects a refusal. */
export function refusal(translator: Translator, request: FakeRequest): Refusal {
  const found = translator.begin(clientRequest(request));
  assert.ok(found !== null && !("target" in found) && isRefusal(found), "was not refused");
  return found;
}

/** The whole exchange. */
export class FakeCall {
  readonly receiver = new FakeReceiver();
  readonly path: string;
  readonly fields: readonly string[];
  /** Messages the service got, as JSON with proto names. */
  readonly received: JsonValue[] = [];
  readonly method: DescMethod;
  readonly upstream: Receiver;
  readonly #pool: DescriptorPool;

  /** Sends the request; the answer comes with {@link answer}. */
  constructor(translator: Translator, pool: DescriptorPool, request: FakeRequest) {
    const ctx = clientRequest(request);
    const translation = begin(translator, ctx);
    this.#pool = pool;
    this.path = translation.target;
    this.fields = translation.fields;
    this.method = pool.target(translation.target)!;
    const { body, receiver } = translation.attempt(ctx.downstream.body, this.receiver);
    this.upstream = receiver;
    const frames = new FrameReader(1 << 24);
    body.start({
      data: (chunk) => {
        frames.push(chunk, (bytes) => this.received.push(this.#toJson(bytes)));
        return true;
      },
      end: () => undefined,
    });
  }

  #toJson(bytes: Uint8Array): JsonValue {
    const { input } = this.method;
    return toJson(input, fromBinary(input, bytes), {
      registry: this.#pool.registry,
      useProtoFieldName: true,
    }) as JsonValue;
  }

  /** The bytes of the service's messages. */
  frames(messages: readonly (JsonValue | Uint8Array)[]): Buffer {
    const { output } = this.method;
    const { registry } = this.#pool;
    return Buffer.concat(
      messages.map((message) =>
        frame(message instanceof Uint8Array ? message : toBinary(output, fromJson(output, message, { registry }))),
      ),
    );
  }

  /** Answers, the bytes cut into pieces of `size`. */
  answer({ head = [], messages = [], trailers = ["grpc-status", "0"] }: FakeAnswer, size = 1 << 20): FakeReceiver {
    const bytes = this.frames(messages);
    this.upstream.head(200, "", ["content-type", "application/grpc", ...head], -1);
    for (let i = 0; i < bytes.length; i += size) {
      // Borrowed: overwritten as soon as the call is over.
      const piece = Buffer.from(bytes.subarray(i, i + size));
      this.upstream.data(piece, null, false);
      piece.fill(0xee);
    }
    this.upstream.end(trailers);
    return this.receiver;
  }
}
