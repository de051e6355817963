// The contract of a wire format: how requests, answers, streams and errors of one API are read and written.
import type { JsonEdits } from "./bytes/json-edit.ts";
import type { JsonObject } from "./json/values.ts";
import type { Fault } from "./message/fault.ts";
import type { ChatRequest, Family } from "./message/request.ts";
import type { ChatResponse } from "./message/response.ts";
import type { StreamSink } from "./message/stream-sink.ts";
import type { Usage } from "./message/usage.ts";
import type { ModelTarget } from "./models/model.ts";
import type { ToolNames } from "./tools/ids.ts";

/** Names of the formats of chat, as configuration and metrics have them. */
export type FormatName = "openai-chat" | "openai-responses" | "anthropic-messages" | "gemini";

/** How a streamed answer is framed. */
export type Framing =
  /** Server-Sent Events. */
  | "events"
  /**
   * One JSON array (Gemini without `alt=sse`), see {@link WireFormat.array}. No provider is asked for it: such a stream is
   * always written by {@link StreamWriter}.
   */
  | "array";

/** What the path of a request says in addition to its body (in Gemini's API the model and the method). */
export interface RequestPlace {
  /** null: the body names it. */
  readonly model: string | null;
  /** null: the body says. */
  readonly stream: boolean | null;
  /** Of the answer if it is streamed; absent: events. */
  readonly framing?: Framing;
}

/** A request as written for a provider. */
export interface WrittenRequest {
  readonly body: JsonObject;
  /** What was left out or changed, by name of the client's field, for `x-llm-warnings`. */
  readonly warnings: readonly string[];
  /** For `tools/restored-tools.ts`: the client's names of the tools; null: they were not changed. */
  readonly toolNames: ToolNames | null;
}

/** How the client sees the answer. */
export interface ReplyIdentity {
  /** Id of the answer, in the style of the format; made by {@link ClientSide.replyId} if the provider has none of that style. */
  readonly id: string;
  /** The name the client asked for. */
  readonly model: string;
  /** s since 1970. */
  readonly createdAt: number;
  /** The request, for formats that repeat parts of it in the answer; its turns are not kept for as long as that takes. */
  readonly request: Omit<ChatRequest, "turns">;
  /** Estimate of the tokens of the prompt, for formats that report them first; used until the provider has reported. */
  readonly inputEstimate: number;
}

/** Writes a streamed answer for a client. {@link take} returns and removes what has been written. */
export interface StreamWriter extends StreamSink {
  /** Whether anything was written that the client would notice the loss of: content, a finish, a fault. */
  readonly hasContent: boolean;
  /** Whole events written since the last call; "" none. */
  take(): string;
}

/** Reads a streamed answer of a provider and calls a {@link StreamSink}. */
export interface StreamReader {
  /** Events so far that the common form has no place for, such as those of tools a provider runs; absent: not counted. */
  readonly ignored?: number;
  /**
   * The next event. Ignores what it does not know.
   * @param name of the `event` field; "" none
   * @param data `data` lines, joined by LF
   * @throws LlmError what no answer of the format can contain; nothing more is read
   */
  event(name: string, data: string): void;
  /**
   * The provider has closed the stream. Calls `end` of the sink where the format ends so; otherwise, unless `end` or `fault`
   * was called before, `fault`: an answer is never completed by invention.
   */
  close(): void;
}

/** What an untranslated event of a provider says, found without a full parse where possible. */
export interface EventFacts {
  /** Content the client would notice the loss of. */
  readonly content: boolean;
  /** Usage it reports; null: none. */
  readonly usage: Usage | null;
  /** It reports usage and nothing else: left out for clients of Chat Completions that have not asked for it. */
  readonly usageOnly: boolean;
  /** It completes the answer. */
  readonly terminal: boolean;
  /** The fault it reports; null: none. */
  readonly fault: Fault | null;
}

/** The half of a format that faces clients. */
export interface ClientSide {
  /**
   * Reads a request.
   * @throws LlmError `invalid` naming the place of what is malformed
   */
  readRequest(body: JsonObject, place: RequestPlace): ChatRequest;
  writeResponse(response: ChatResponse, as: ReplyIdentity): JsonObject;
  streamWriter(as: ReplyIdentity): StreamWriter;
  /** A new id in the style of the format. @param random 24 characters of `[a-zA-Z0-9]` */
  replyId(random: string): string;
  /** The error of an answer that has not begun. */
  writeError(fault: Fault, requestId: string): { readonly status: number; readonly body: JsonObject };
  /**
   * Last events of a stream that cannot be completed.
   * @param begun whether anything but {@link keepAlive} was written before; what is not framed as events depends on it
   */
  errorEvents(fault: Fault, requestId: string, begun?: boolean): string;
  /** Content type of streams; absent: `text/event-stream`. Each part of others ends with a blank line, too. */
  readonly streamType?: string;
  /** A whole event, or comment, without meaning that keeps the connection alive. */
  readonly keepAlive: string;
}

/** The half of a format that faces providers. */
export interface ProviderSide {
  /** Path below the base URL, with its query. */
  path(model: string, stream: boolean): string;
  /**
   * Puts a request in the words of the provider.
   * @throws LlmError of {@link unsupported} for what the format or model cannot express
   */
  writeRequest(request: ChatRequest, to: ModelTarget): WrittenRequest;
  /**
   * What has to change in a client's own body, beside the name of the model, so that this endpoint of the same format takes
   * it; empty: nothing. Absent: endpoints of the format do not differ.
   * @param warnings gets names of fields whose values are changed
   */
  adaptRequest?(body: JsonObject, to: ModelTarget, warnings?: string[]): JsonEdits;
  /** Whether {@link adaptRequest} removes what `reasoning/sealed-thoughts.ts` has sealed; otherwise such requests are translated. */
  readonly unseals?: boolean;
  /** @throws LlmError of `badResponse` or, where the body reports one, the fault */
  readResponse(body: JsonObject): ChatResponse;
  streamReader(sink: StreamSink): StreamReader;
  /** The fault of an error response. @param body null: it is no JSON object @param fields of the response, flat */
  readError(status: number, body: JsonObject | null, fields: readonly string[]): Fault;
  /** Usage of a complete answer; null: none. */
  usageOf(body: JsonObject): Usage | null;
  /** Looks at an event that passes untranslated. @param data parsed `data`; null: it is no JSON object */
  eventFacts(name: string, data: JsonObject | null): EventFacts;
}

/** One wire format. */
export interface WireFormat {
  readonly name: FormatName;
  /** Whose signatures and encrypted thoughts its providers accept. */
  readonly family: Family;
  readonly client: ClientSide;
  readonly provider: ProviderSide;
  /** The same for clients that get streams as {@link Framing} `array`; absent: there are none. */
  readonly array?: WireFormat;
  /** Key of an answer, or of the object at this key of an event, that names the model. */
  readonly modelKeys: readonly (readonly string[])[];
}
