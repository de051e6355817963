// One request at a mock provider: what arrived, and the ways to answer.
import type { IncomingMessage, ServerResponse } from "node:http";
import { digest } from "./answer/signature.ts";
import { addCommands, type Commands, commandsIn, splitModel } from "./commands.ts";
import { Refusal } from "./rules/refusal.ts";

/** What a mock provider keeps of a request, for tests. */
export interface RecordedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** With its `?`; "" none. */
  readonly query: string;
  /** As received: names, values, names, … */
  readonly fields: readonly string[];
  readonly body: Buffer;
  /** Status answered; 0 until then. */
  readonly status: number;
  /** Resolves when the exchange is over: `true` if the whole answer was sent. */
  readonly done: Promise<boolean>;
}

/** One request. */
export class Exchange implements RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly fields: readonly string[];
  readonly body: Buffer;
  readonly done: Promise<boolean>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Hexadecimal digits of the body, different for each. */
  readonly seed: string;
  /** Of the key; set once that is known. */
  account = "";
  /** Sent with every answer. */
  readonly own: Record<string, string> = {};
  readonly #names: readonly string[];
  readonly #forced: string;
  #parsed: unknown;

  /**
   * @param names of the provider, for commands that are addressed to it
   * @param forced commands that hold for this request whatever it says
   */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    names: readonly string[],
    forced: string,
  ) {
    const target = request.url ?? "";
    const mark = target.indexOf("?");
    this.method = request.method ?? "";
    this.path = mark === -1 ? target : target.slice(0, mark);
    this.query = mark === -1 ? "" : target.slice(mark);
    this.fields = request.rawHeaders;
    this.body = body;
    this.request = request;
    this.response = response;
    this.seed = digest(body);
    this.#names = names;
    this.#forced = forced;
    this.done = new Promise((resolve) => {
      response.once("close", () => resolve(response.writableFinished));
    });
  }

  get status(): number {
    return this.response.headersSent ? this.response.statusCode : 0;
  }

  /** A field of the request; "" absent. */
  header(name: string): string {
    const value = this.request.headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? "";
  }

  /** The body. @throws Refusal it is no JSON object */
  json(): Readonly<Record<string, unknown>> {
    this.#parsed ??= parse(this.body.toString("utf8"));
    return this.#parsed as Readonly<Record<string, unknown>>;
  }

  /** Everything this request is told to do wrong. @param model as named @param prompt last words of the user */
  commands(model: string, prompt: string): Commands {
    const found = new Map(commandsIn(prompt, this.#names));
    addCommands(found, splitModel(model).commands);
    addCommands(found, this.header("x-mock"));
    addCommands(found, this.#forced);
    return found;
  }

  /** Answers with JSON. */
  json200(content: unknown): void {
    this.send(200, content);
  }

  /** Answers with JSON. */
  send(status: number, content: unknown, fields: Readonly<Record<string, string>> = {}): void {
    this.bytes(status, "application/json", Buffer.from(JSON.stringify(content)), fields);
  }

  /** Answers with bytes of any kind. */
  bytes(status: number, type: string, content: Buffer, fields: Readonly<Record<string, string>> = {}): void {
    const all = { ...this.own, ...fields, "Content-Type": type, "Content-Length": String(content.length) };
    this.response.writeHead(status, all).end(content);
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.request.socket.destroy();
  }
}

function parse(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal("invalid", "We could not parse the JSON body of your request.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Refusal("invalid", "The body of the request must be a JSON object.");
  return value;
}
