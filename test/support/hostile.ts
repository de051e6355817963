// Tools of the hostile tests: a client that reads answers off the wire, a backend that records, a seeded random source.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type RawBackend, rawBackend } from "./raw.ts";

/** Longest wait for something that must happen, ms. Reached only by a failing test. */
const PATIENCE_MS = 10_000;

/** One response as it stood on the wire. */
export interface Answer {
  readonly status: number;
  /** Status line and fields, up to and including the empty line. */
  readonly head: string;
  /** Body with its framing removed. */
  readonly body: string;
  /** `error.code` of a JSON error body, or "". */
  readonly code: string;
  /** First value of a field, by lower-case name. */
  field(lower: string): string | undefined;
}

/** How a connection ended: FIN, or RST. */
export type Ending = "end" | "reset";

/** A client connection that sends exactly what it is told to. */
export class RawClient {
  readonly socket: Socket;
  /** How the peer ended the connection. */
  readonly ended: Promise<Ending>;
  /** Bytes that came and were not yet taken by {@link next}. */
  rest = "";
  #changed: () => void = () => undefined;
  #over = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNRESET") resolve("reset");
      });
      // libuv reports data and RST that arrive together as data and end; but a socket that was reset has no peer any more.
      socket.on("end", () => resolve(socket.remoteAddress === undefined ? "reset" : "end"));
      socket.on("close", () => resolve("end"));
    });
    socket.on("data", (chunk: Buffer) => {
      this.rest += chunk.toString("latin1");
      this.#changed();
    });
    this.ended.then(() => {
      this.#over = true;
      this.#changed();
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const client = new RawClient(socket);
    await once(socket, "connect");
    return client;
  }

  /** Sends latin1 text. */
  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /**
   * The next complete response, interim ones included.
   * @throws Error when the connection ends first
   */
  async next(toHead = false): Promise<Answer> {
    for (;;) {
      const found = takeAnswer(this.rest, toHead, this.#over);
      if (found !== null) {
        this.rest = this.rest.slice(found.length);
        return found.answer;
      }
      if (this.#over) throw new Error(`connection ended after ${JSON.stringify(this.rest.slice(0, 400))}`);
      await this.#more();
    }
  }

  /** How the connection ended, and what came before that. */
  async toEnd(): Promise<{ ending: Ending; text: string }> {
    const ending = await within(this.ended, () => `no end after ${JSON.stringify(this.rest.slice(0, 400))}`);
    return { ending, text: this.rest };
  }

  close(): void {
    this.socket.destroy();
  }

  #more(): Promise<void> {
    const change = new Promise<void>((resolve) => {
      this.#changed = resolve;
    });
    return within(change, () => `nothing more came after ${JSON.stringify(this.rest.slice(0, 400))}`);
  }
}

/** Fails with `message` when `promise` takes longer than any working gateway does. */
export async function within<T>(promise: Promise<T>, message: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message())), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One request on a connection of its own, and its final answer. */
export async function ask(port: number, text: string): Promise<Answer> {
  const client = await RawClient.open(port);
  client.send(text);
  try {
    return await client.next(text.startsWith("HEAD "));
  } finally {
    client.close();
  }
}

/** Takes one response off the beginning of `text`, or null when it is not complete. */
export function takeAnswer(text: string, toHead: boolean, over: boolean): { answer: Answer; length: number } | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const head = text.slice(0, headEnd + 4);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  if (Number.isNaN(status)) throw new Error(`not a response: ${JSON.stringify(text.slice(0, 200))}`);
  const field = (lower: string) => fieldOf(head, lower);
  const make = (body: string, length: number) => ({
    answer: { status, head, body, code: codeOf(body), field },
    length: head.length + length,
  });
  if (toHead || status < 200 || status === 204 || status === 304) return make("", 0);
  const rest = text.slice(head.length);
  if (field("transfer-encoding") === "chunked") {
    const body = takeChunked(rest);
    return body === null ? null : make(body.payload, body.length);
  }
  const length = field("content-length");
  if (length === undefined) return over ? make(rest, rest.length) : null;
  return rest.length < Number(length) ? null : make(rest.slice(0, Number(length)), Number(length));
}

/** First value of a field in a head, by lower-case name. */
export function fieldOf(head: string, lower: string): string | undefined {
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (line.slice(0, colon).toLowerCase() === lower) return line.slice(colon + 1).trim();
  }
  return undefined;
}

function codeOf(body: string): string {
  return (
    /^\{"error":\{"type":"[a-z_]+","message":"[^"]+","code":"([a-z_]+)","requestId":"[^"]+"\}\}\n$/.exec(body)?.[1] ??
    ""
  );
}

function takeChunked(text: string): { payload: string; length: number } | null {
  let pos = 0;
  let payload = "";
  for (;;) {
    const lineEnd = text.indexOf("\r\n", pos);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(text.slice(pos, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error(`bad chunk in ${JSON.stringify(text.slice(pos, pos + 40))}`);
    if (size === 0) {
      if (text.startsWith("\r\n", lineEnd + 2)) return { payload, length: lineEnd + 4 };
      const end = text.indexOf("\r\n\r\n", lineEnd);
      return end === -1 ? null : { payload, length: end + 4 };
    }
    if (text.length < lineEnd + 4 + size) return null;
    payload += text.slice(lineEnd + 2, lineEnd + 2 + size);
    pos = lineEnd + 4 + size;
  }
}

/** A request as a backend received it. */
export interface Received {
  /** Request line and fields, up to and including the empty line. */
  readonly head: string;
  /** Body as framed on the wire. */
  readonly body: string;
  /** Target of the request line. */
  readonly target: string;
  /** Number of the connection, from 0 in order of arrival. */
  readonly connection: number;
}

/** A backend that keeps every byte it got. */
export interface Recorder extends RawBackend {
  /** Complete requests, in order. */
  readonly requests: Received[];
  /** Everything that came, over all connections. */
  text(): string;
  /** Forgets what came so far. */
  forget(): void;
  /** Connections opened so far. */
  connections(): number;
}

/** Starts a recorder; `answer` is called for each complete request and by default says 200 `ok`. */
export async function recorder(
  answer: (request: Received, socket: Socket) => void = (_, socket) => socket.write(OK),
): Promise<Recorder> {
  const requests: Received[] = [];
  let all = "";
  let count = 0;
  const backend = await rawBackend((socket) => {
    const connection = count++;
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      const came = chunk.toString("latin1");
      all += came;
      text += came;
      for (;;) {
        const request = takeRequest(text, connection);
        if (request === null) return;
        text = text.slice(request.head.length + request.body.length);
        requests.push(request);
        answer(request, socket);
      }
    });
  });
  return {
    ...backend,
    requests,
    text: () => all,
    forget: () => {
      all = "";
      requests.length = 0;
    },
    connections: () => count,
  };
}

/** The answer of a {@link recorder}. */
export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A backend that answers every complete request with {@link OK} and keeps nothing. */
export function rawRequests(): Promise<RawBackend> {
  return rawBackend((socket) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (;;) {
        const request = takeRequest(text, 0);
        if (request === null) return;
        text = text.slice(request.head.length + request.body.length);
        socket.write(request.head.startsWith("HEAD ") ? HEAD_OK : OK);
      }
    });
  });
}

const HEAD_OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

function takeRequest(text: string, connection: number): Received | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const head = text.slice(0, headEnd + 4);
  const rest = text.slice(head.length);
  let length = Number(fieldOf(head, "content-length") ?? 0);
  if (fieldOf(head, "transfer-encoding") !== undefined) {
    const chunked = takeChunked(rest);
    if (chunked === null) return null;
    length = chunked.length;
  }
  if (rest.length < length) return null;
  return { head, body: rest.slice(0, length), target: head.split(" ", 2)[1]!, connection };
}

/** A reproducible source of numbers: mulberry32. */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** The seed from `GATEWAY_TEST_SEED`, or one of the clock; print it. */
  static fresh(): Random {
    const given = Number(process.env.GATEWAY_TEST_SEED ?? "");
    return new Random(given > 0 ? given : Date.now() % 0xffff_ffff);
  }

  /** A whole number from 0 to `below` - 1. */
  int(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.int(times) === 0;
  }
}

/** Bytes a mutation puts in: those with a meaning on the wire, and some that have none. */
const SPICE = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "\0",
  "\x0b",
  "\x7f",
  "\x80",
  "\xff",
  "0",
  "1",
  "a",
  "F",
  "-",
  "+",
  "=",
  '"',
  "%",
  "/",
  "\\",
  "..",
  "#",
  "?",
  "\r\n ",
  "\r\n\r\n",
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "chunked",
  "HTTP/1.1",
] as const;

/** Changes one to three places of `text`: inserts, deletes, replaces, repeats or cuts. */
export function mutated(text: string, random: Random): string {
  let out = text;
  for (let i = 1 + random.int(3); i > 0 && out.length > 0; i--) {
    const at = random.int(out.length);
    const to = Math.min(out.length, at + 1 + random.int(random.once(4) ? 20 : 2));
    switch (random.int(6)) {
      case 0:
        out = out.slice(0, at) + random.pick(SPICE) + out.slice(at);
        break;
      case 1:
        out = out.slice(0, at) + out.slice(to);
        break;
      case 2:
        out = out.slice(0, at) + random.pick(SPICE) + out.slice(to);
        break;
      case 3:
        out = out.slice(0, to) + out.slice(at);
        break;
      case 4:
        out = out.slice(0, at) + String.fromCharCode(random.int(256)) + out.slice(at + 1);
        break;
      default:
        if (random.once(3)) out = out.slice(0, at);
        else out = out.slice(0, at) + out.slice(at, to).toUpperCase() + out.slice(to);
    }
  }
  return out;
}
