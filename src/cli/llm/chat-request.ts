// Sends one chat request to a gateway, and gives its text to a listener as it comes.
import { once } from "node:events";
import { type IncomingMessage, request as plainRequest, type RequestOptions } from "node:http";
import { request as secureRequest } from "node:https";
import { buffer } from "node:stream/consumers";
import { EventReader } from "../../llm/bytes/event-reader.ts";
import { isObject, type JsonObject, listOr, numberOr, objectOr, parseObject, textOr } from "../../llm/json/values.ts";
import { connectionOptions, type OwnListener, openVerified } from "../own-listener.ts";

/** A request that is ready to be sent. */
export interface ChatRequest {
  readonly path: string;
  /** Flat, without those of the body. */
  readonly fields: readonly string[];
  readonly body: JsonObject;
}

/** What an answer said beside its text. */
export interface ChatEnd {
  /** What is wrong; null: nothing. */
  readonly problem: string | null;
  /** The model that answered; "" unknown. */
  readonly model: string;
  readonly provider: string;
  /** -1 unknown. */
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** Why it ended; "" unknown. */
  readonly finish: string;
}

/** Longest event that is read, bytes. */
const MAX_EVENT = 16 * 1024 * 1024;

/**
 * Sends the request.
 * @param say gets the text of the answer, in pieces if it is streamed
 * @throws Error (rejects) the gateway cannot be reached, or breaks off
 */
export async function chat(to: OwnListener, request: ChatRequest, say: (text: string) => void): Promise<ChatEnd> {
  const response = await responseTo(to, request);
  const answer = new Answer(response, say);
  if (/^text\/event-stream/.test(response.headers["content-type"] ?? "")) {
    await answer.stream(response);
  } else {
    answer.whole(response.statusCode ?? 0, await buffer(response));
  }
  return answer;
}

async function responseTo(to: OwnListener, { path, fields, body }: ChatRequest): Promise<IncomingMessage> {
  const text = JSON.stringify(body);
  const length = String(Buffer.byteLength(text));
  const about = ["Content-Type", "application/json", "Content-Length", length, "Connection", "close"];
  const headers = [...fields, ...about];
  const named = fields.some((name, i) => i % 2 === 0 && name.toLowerCase() === "host");
  const options: RequestOptions = {
    method: "POST",
    headers: named ? headers : ["Host", new URL(to.origin).host, ...headers],
  };
  const url = to.origin + path;
  const certificates = to.listener?.tls?.certificates;
  const socket = certificates === undefined ? null : await openVerified(to, certificates);
  const send = socket === null && url.startsWith("https:") ? secureRequest : plainRequest;
  const own = socket === null ? connectionOptions(to) : { createConnection: () => socket };
  const request = send(socket === null ? url : url.replace("https:", "http:"), { ...options, ...own });
  request.end(text);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

class Answer implements ChatEnd {
  problem: string | null = null;
  model: string;
  readonly provider: string;
  tokensIn = -1;
  tokensOut = -1;
  finish = "";
  readonly #say: (text: string) => void;

  constructor({ headers }: IncomingMessage, say: (text: string) => void) {
    this.model = String(headers["x-llm-model"] ?? "");
    this.provider = String(headers["x-llm-provider"] ?? "");
    this.#say = say;
  }

  whole(status: number, body: Buffer): void {
    const object = parseObject(body);
    if (status !== 200 || object === null) this.#fails(objectOr(object?.error), `${status}`);
    else this.#read(object, "message");
  }

  async stream(response: IncomingMessage): Promise<void> {
    let isComplete = false;
    const reader = new EventReader(
      {
        event: (_, data) => {
          if (data === "[DONE]") isComplete = true;
          else this.#event(parseObject(data));
        },
        comment: () => undefined,
        tooLarge: () => this.#fails(null, "an event of the answer is too large"),
      },
      MAX_EVENT,
    );
    for await (const chunk of response) reader.feed(chunk as Buffer);
    reader.end();
    if (!isComplete && this.problem === null) this.problem = "the answer broke off";
  }

  #event(object: JsonObject | null): void {
    if (object === null) return;
    if (isObject(object.error)) this.#fails(object.error, "error");
    else this.#read(object, "delta");
  }

  #read(object: JsonObject, part: "message" | "delta"): void {
    const choice = objectOr(listOr(object.choices)[0]);
    const said = objectOr(choice?.[part]);
    for (const text of [said?.content, said?.refusal]) if (typeof text === "string" && text !== "") this.#say(text);
    this.finish = textOr(choice?.finish_reason) ?? this.finish;
    if (this.model === "") this.model = textOr(object.model) ?? "";
    const usage = objectOr(object.usage);
    if (usage === null) return;
    this.tokensIn = numberOr(usage.prompt_tokens) ?? -1;
    this.tokensOut = numberOr(usage.completion_tokens) ?? -1;
  }

  #fails(error: JsonObject | null, otherwise: string): void {
    const message = textOr(error?.message);
    const code = textOr(error?.code) ?? textOr(error?.type);
    this.problem = [otherwise, code, message].filter((part) => part !== null).join(" ");
  }
}
