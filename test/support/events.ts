// Event streams under control: a backend whose streams wait for the test, and a client that says what has arrived.
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { type Backend, startBackend } from "./backend.ts";
import { begin, type Call, headOf } from "./client.ts";
import { soon } from "./setup.ts";

/** One request that reached the backend; what it is answered is up to the test. */
export interface Opened {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Settles when the exchange is over, whichever way. */
  readonly closed: Promise<void>;
  /** Head of an event stream, at once. */
  start(fields?: Readonly<Record<string, string>>): void;
  /** Writes text or bytes now. @returns whether the socket takes more */
  send(text: string | Buffer): boolean;
  /** Clean end. */
  end(): void;
  /** RST. */
  lose(): void;
}

/** A backend that hands its requests to the test one by one. */
export interface EventBackend extends Backend {
  /** The next request, in the order of arrival. */
  next(): Promise<Opened>;
}

/** Starts a backend that answers nothing by itself. @param take is given its requests, instead of `next` */
export async function eventBackend(port = 0, take?: (opened: Opened) => void): Promise<EventBackend> {
  const arrived: Opened[] = [];
  const waiting: ((opened: Opened) => void)[] = [];
  const backend = await startBackend(
    (request, response) => {
      const opened = open(request, response);
      if (take !== undefined) return take(opened);
      const waiter = waiting.shift();
      if (waiter === undefined) arrived.push(opened);
      else waiter(opened);
    },
    { port },
  );
  const next = () => {
    const opened = arrived.shift();
    if (opened !== undefined) return Promise.resolve(opened);
    return soon(new Promise<Opened>((resolve) => waiting.push(resolve)), "a request at the backend");
  };
  // The counters of a backend are getters: they must not be copied.
  return Object.assign(Object.create(backend) as Backend, { next });
}

function open(request: IncomingMessage, response: ServerResponse): Opened {
  return {
    request,
    response,
    closed: new Promise((resolve) => response.on("close", () => resolve())),
    start(fields = {}) {
      response.writeHead(200, { "Content-Type": "text/event-stream", ...fields });
      response.flushHeaders();
    },
    send: (text) => response.write(text),
    end: () => void response.end(),
    lose: () => void response.socket?.resetAndDestroy(),
  };
}

/** What a client sees of a stream. */
export interface EventClient {
  readonly response: IncomingMessage;
  readonly request: ClientRequest;
  /** Everything that has arrived, as UTF-8. */
  readonly text: string;
  /** Waits until what has arrived satisfies `test`. @throws Error when the stream ends before */
  until(what: string, test: (text: string) => boolean): Promise<string>;
  /** Waits for the end. @returns whether it was a clean one */
  over(): Promise<"ended" | "cut">;
  close(): void;
}

/** Asks for a stream and waits for its head. */
export async function openEvents(port: number, options: Call = {}): Promise<EventClient> {
  const request = begin(port, { headers: ["Accept", "text/event-stream"], ...options });
  return watch(request, await soon(headOf(request), "the head of the stream"));
}

function watch(request: ClientRequest, response: IncomingMessage): EventClient {
  const chunks: Buffer[] = [];
  let wake: () => void = () => undefined;
  let state: "open" | "ended" | "cut" = "open";
  const settle = (to: "ended" | "cut") => {
    if (state === "open") state = to;
    wake();
  };
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    wake();
  });
  response.on("end", () => settle(response.complete ? "ended" : "cut"));
  response.on("error", () => settle("cut"));
  response.on("close", () => settle("cut"));
  request.on("error", () => settle("cut"));
  const more = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const text = () => Buffer.concat(chunks).toString();
  const until = async (what: string, test: (text: string) => boolean) => {
    while (!test(text())) {
      if (state !== "open") throw new Error(`${what}: the stream was ${state} after ${JSON.stringify(text())}`);
      await soon(more(), `${what} after ${JSON.stringify(text().slice(-300))}`);
    }
    return text();
  };
  return {
    response,
    request,
    get text() {
      return text();
    },
    until,
    async over() {
      while (state === "open") await soon(more(), `the end after ${JSON.stringify(text().slice(-300))}`);
      return state;
    },
    close: () => void request.destroy(),
  };
}
