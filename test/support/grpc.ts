// A gRPC service of raw bytes with one method of each kind, its client, and a gateway in front: for tests of what passes by.
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  Metadata,
  type requestCallback,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type StatusObject,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { type GatewayProcess, startGateway } from "./gateway.ts";
import { type Block, configText, soon } from "./setup.ts";

export const SERVICE = "test.v1.Interop";
const MAX = 64 * 1024 * 1024;

/** What the server does, sent as JSON in the first message. */
export interface Order {
  /** Bytes of each reply. */
  readonly size?: number;
  /** Replies of a stream. */
  readonly count?: number;
  /** Status to end with. */
  readonly code?: number;
  readonly message?: string;
  /** Never answers. */
  readonly sleep?: boolean;
  /** After the replies, never ends. */
  readonly hang?: boolean;
}

/** A call as the server saw it begin. */
export interface Seen {
  readonly method: string;
  readonly metadata: Metadata;
  /** ms until its deadline; Infinity without one. */
  readonly leftMs: number;
  /** Resolves once the call is cancelled. */
  readonly cancelled: Promise<void>;
}

type AnyCall =
  | ServerUnaryCall<Buffer, Buffer>
  | ServerReadableStream<Buffer, Buffer>
  | ServerWritableStream<Buffer, Buffer>
  | ServerDuplexStream<Buffer, Buffer>;

/** The server. Metadata `x-echo*` comes back with the head, `x-trail*` as trailers. */
export class InteropServer {
  port = 0;
  /** Calls begun and not ended. */
  active = 0;
  /** All calls so far. */
  readonly calls: Seen[] = [];
  readonly #server: Server;
  readonly #waiting: ((seen: Seen) => void)[] = [];
  #next = 0;

  private constructor(options: Record<string, number>) {
    this.#server = new Server({
      "grpc.max_receive_message_length": MAX,
      "grpc.max_send_message_length": MAX,
      ...options,
    });
    const same = (bytes: Buffer) => bytes;
    const kind = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
      path: `/${SERVICE}/${name}`,
      requestStream,
      responseStream,
      ...kind,
    });
    this.#server.addService(
      {
        Unary: method("Unary", false, false),
        Collect: method("Collect", true, false),
        List: method("List", false, true),
        Chat: method("Chat", true, true),
        Missing: method("Missing", false, false),
      },
      {
        Unary: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
          const trailers = this.#begin("Unary", call);
          const order = orderOf(call.request);
          if (order.sleep === true) return;
          if (order.code !== undefined)
            return done({ code: order.code, details: order.message ?? "", metadata: trailers });
          done(null, order.size === undefined ? call.request : Buffer.alloc(order.size, 1), trailers);
        },
        Collect: (call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
          const trailers = this.#begin("Collect", call);
          let bytes = 0;
          let messages = 0;
          call.on("data", (message: Buffer) => {
            bytes += message.length;
            messages++;
            const order = orderOf(message);
            if (order.code !== undefined) done({ code: order.code, details: order.message ?? "" });
          });
          call.on("error", () => undefined);
          call.on("end", () => done(null, Buffer.from(JSON.stringify({ bytes, messages })), trailers));
        },
        List: (call: ServerWritableStream<Buffer, Buffer>) => {
          const trailers = this.#begin("List", call);
          void list(call, orderOf(call.request), trailers);
        },
        Chat: (call: ServerDuplexStream<Buffer, Buffer>) => {
          const trailers = this.#begin("Chat", call);
          call.on("error", () => undefined);
          call.on("data", (message: Buffer) => {
            const { code, message: details = "", size } = orderOf(message);
            if (code !== undefined) return call.emit("error", { code, details });
            call.write(size === undefined ? message : Buffer.alloc(size, 1));
          });
          call.on("end", () => call.end(trailers));
        },
      },
    );
  }

  static async start(
    secure?: ServerCredentials,
    options: Record<string, number> = {},
    port = 0,
  ): Promise<InteropServer> {
    const server = new InteropServer(options);
    server.port = await new Promise((resolve, reject) => {
      const with_ = secure ?? ServerCredentials.createInsecure();
      server.#server.bindAsync(`127.0.0.1:${port}`, with_, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    return server;
  }

  /** The next call nobody has asked for. */
  next(): Promise<Seen> {
    const seen = this.calls[this.#next++];
    if (seen !== undefined) return Promise.resolve(seen);
    return soon(new Promise((resolve) => this.#waiting.push(resolve)), "a call at the backend");
  }

  /** {@link next} is what comes from now on. */
  forget(): void {
    this.#next = this.calls.length;
  }

  /** Cuts every connection. */
  kill(): void {
    this.#server.forceShutdown();
  }

  #begin(method: string, call: AnyCall): Metadata {
    let resolve: () => void;
    const cancelled = new Promise<void>((done) => {
      resolve = done;
    });
    const stream = call as unknown as NodeJS.EventEmitter;
    stream.on("cancelled", () => resolve());
    const below = streamOf(call);
    // A call may be gone before the server gets round to it.
    if (!below.destroyed) {
      this.active++;
      below.once("close", () => this.active--);
    }
    const leftMs = Number(call.getDeadline()) - Date.now();
    const seen = { method, metadata: call.metadata, leftMs, cancelled };
    this.calls.push(seen);
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      this.#next++;
      waiting(seen);
    }
    const head = new Metadata();
    const trailers = new Metadata();
    for (const key of Object.keys(call.metadata.getMap())) {
      const to = key.startsWith("x-echo") ? head : key.startsWith("x-trail") ? trailers : null;
      for (const value of call.metadata.get(key)) to?.add(key, value);
    }
    if (Object.keys(head.getMap()).length > 0) call.sendMetadata(head);
    return trailers;
  }
}

interface Below extends NodeJS.EventEmitter {
  readonly destroyed: boolean;
}

/** The HTTP/2 stream below a call: only its close tells that nothing of it is left. */
function streamOf(call: AnyCall): Below {
  interface Inner {
    readonly nextCall?: Inner;
    readonly stream?: Below;
  }
  let inner = (call as unknown as { readonly call: Inner }).call;
  while (inner.nextCall !== undefined) inner = inner.nextCall;
  return inner.stream!;
}

async function list(call: ServerWritableStream<Buffer, Buffer>, order: Order, trailers: Metadata): Promise<void> {
  const { count = 0, size = 1, code, message = "", hang, sleep } = order;
  call.on("error", () => undefined);
  for (let i = 0; i < count && !call.cancelled && sleep !== true; i++) {
    if (!call.write(Buffer.alloc(size, i))) {
      await new Promise<void>((resolve) => {
        call.once("drain", resolve);
        call.once("cancelled", resolve);
        call.once("close", resolve);
      });
    }
  }
  if (hang === true || sleep === true || call.cancelled) return;
  if (code !== undefined) call.emit("error", { code, details: message, metadata: trailers });
  else call.end(trailers);
}

function orderOf(message: Buffer): Order {
  return message[0] === 0x7b ? (JSON.parse(message.toString()) as Order) : {};
}

/** A message that tells the server what to do. */
export function order(what: Order): Buffer {
  return Buffer.from(JSON.stringify(what));
}

/** What a unary call brought. */
export interface Answer {
  readonly value: Buffer;
  readonly head: Metadata;
  readonly status: StatusObject;
}

/** Options of a call: those of grpc-js, metadata as pairs, and `within` ms. */
export interface Asking {
  readonly metadata?: readonly (readonly [string, string | Buffer])[];
  readonly within?: number | null;
  readonly method?: string;
  readonly service?: string;
}

const PATIENCE_MS = 15_000;

/** A client on a connection of its own. */
export class InteropClient {
  readonly client: Client;
  readonly #prefix: string;

  constructor(port: number, options: { secure?: ChannelCredentials; prefix?: string; channel?: ClientOptions } = {}) {
    this.#prefix = options.prefix ?? "";
    this.client = new Client(`127.0.0.1:${port}`, options.secure ?? credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": MAX,
      "grpc.max_send_message_length": MAX,
      ...options.channel,
    });
  }

  unary(message: Buffer, asking: Asking = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let head = new Metadata();
      let value: Buffer;
      const call = this.client.makeUnaryRequest(
        this.#path(asking, "Unary"),
        same,
        same,
        message,
        metadataOf(asking),
        optionsOf(asking),
        (error, reply) => {
          if (error !== null) reject(error);
          value = reply!;
        },
      );
      call.on("metadata", (m) => {
        head = m;
      });
      call.on("status", (status) => {
        if (status.code === 0) resolve({ value, head, status });
      });
    });
  }

  /** A unary call to be cancelled. */
  begin(message: Buffer, done: requestCallback<Buffer>, asking: Asking = {}): { cancel(): void } {
    const path = this.#path(asking, "Unary");
    return this.client.makeUnaryRequest(path, same, same, message, metadataOf(asking), optionsOf(asking), done);
  }

  list(message: Buffer, asking: Asking = {}): ClientReadableStream<Buffer> {
    const path = this.#path(asking, "List");
    return this.client.makeServerStreamRequest(path, same, same, message, metadataOf(asking), optionsOf(asking));
  }

  collect(done: requestCallback<Buffer>, asking: Asking = {}): ClientWritableStream<Buffer> {
    const path = this.#path(asking, "Collect");
    return this.client.makeClientStreamRequest(path, same, same, metadataOf(asking), optionsOf(asking), done);
  }

  chat(asking: Asking = {}): ClientDuplexStream<Buffer, Buffer> {
    const path = this.#path(asking, "Chat");
    return this.client.makeBidiStreamRequest(path, same, same, metadataOf(asking), optionsOf(asking));
  }

  close(): void {
    this.client.close();
  }

  #path({ method, service = SERVICE }: Asking, fallback: string): string {
    return `${this.#prefix}/${service}/${method ?? fallback}`;
  }
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

function metadataOf({ metadata = [] }: Asking): Metadata {
  const made = new Metadata();
  for (const [key, value] of metadata) made.add(key, value);
  return made;
}

function optionsOf({ within = PATIENCE_MS }: Asking): CallOptions {
  return within === null ? {} : { deadline: Date.now() + within };
}

/** All messages of a stream. @throws ServiceError */
export async function all(call: AsyncIterable<unknown>): Promise<Buffer[]> {
  const messages: Buffer[] = [];
  for await (const message of call) messages.push(message as Buffer);
  return messages;
}

/** Resolves with the error a call ends with. */
export function errorOf(call: NodeJS.EventEmitter): Promise<ServiceError> {
  return soon(new Promise((resolve) => call.once("error", resolve)), "the end of a call");
}

/** A gateway with a gRPC port. */
export interface GrpcGateway extends GatewayProcess {
  readonly grpcPort: number;
}

/** What differs between gateways. */
export interface GrpcSetup {
  readonly rules?: readonly Block[];
  readonly services: Readonly<Record<string, number | readonly Block[]>>;
  readonly http?: Block;
  /** `frontend.grpc`. */
  readonly grpc?: Block;
  /** `backend.grpc`. */
  readonly back?: Block;
  readonly backHttp?: Block;
  readonly more?: Block;
}

/** Text of a configuration with a gRPC port; without rules, everything goes to the service `up`. */
export function grpcText(setup: GrpcSetup): string {
  const rules = setup.rules ?? [{ id: "all", path: "/*", serviceName: "up", protocol: "grpc" }];
  const frontend = {
    http: { host: "127.0.0.1", port: 0, ...setup.http },
    grpc: { enabled: true, port: 0, ...setup.grpc },
  };
  const backend = { grpc: { ...setup.back }, http: { ...setup.backHttp } };
  return configText({ rules, services: setup.services, more: { frontend, backend, ...setup.more } });
}

/** Starts a gateway for {@link grpcText}. */
export async function grpcGateway(setup: GrpcSetup | string, args: readonly string[] = []): Promise<GrpcGateway> {
  return withGrpcPort(await startGateway(typeof setup === "string" ? setup : grpcText(setup), { args }));
}

/** Finds the gRPC port of a gateway that has one. */
export async function withGrpcPort(gateway: GatewayProcess): Promise<GrpcGateway> {
  const bound = await soon(
    gateway.line((l) => l.listener === "grpc"),
    "the gRPC port",
  );
  return Object.assign(gateway, { grpcPort: bound.port as number });
}
