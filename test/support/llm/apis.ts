// The four APIs as clients use them: where a prompt goes, how an error looks, what ends a stream.
import assert from "node:assert/strict";

/** One API of a client. */
export interface ClientApi {
  readonly name: "openai-chat" | "openai-responses" | "anthropic-messages" | "gemini";
  /** Path for a prompt. */
  path(model: string, stream: boolean): string;
  /** Body of a short prompt. */
  body(model: string, stream: boolean): object;
  /** Fields beside the content type, flat. */
  readonly headers: readonly string[];
}

const MESSAGES = [{ role: "user", content: "hi" }];

/** All of them. */
export const APIS: readonly ClientApi[] = [
  {
    name: "openai-chat",
    path: () => "/v1/chat/completions",
    body: (model, stream) => ({ model, stream, messages: MESSAGES }),
    headers: [],
  },
  {
    name: "openai-responses",
    path: () => "/v1/responses",
    body: (model, stream) => ({ model, stream, input: "hi" }),
    headers: [],
  },
  {
    name: "anthropic-messages",
    path: () => "/v1/messages",
    body: (model, stream) => ({ model, stream, max_tokens: 50, messages: MESSAGES }),
    headers: ["anthropic-version", "2023-06-01"],
  },
  {
    name: "gemini",
    path: (model, stream) => `/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    body: () => ({ contents: [{ role: "user", parts: [{ text: "hi" }] }] }),
    headers: [],
  },
];

/** The message of an error body. @throws AssertionError unless it has the shape of the API */
export function errorIn({ name }: ClientApi, text: string, status: number): string {
  const body = JSON.parse(text);
  const { error } = body;
  assert.equal(typeof error?.message, "string", text);
  assert.ok(error.message.length > 0, text);
  if (name === "gemini") {
    assert.equal(error.code, status, text);
    assert.match(error.status, /^[A-Z_]+$/, text);
  } else {
    assert.equal(typeof error.type, "string", text);
    if (name === "anthropic-messages") assert.equal(body.type, "error", text);
    else for (const key of ["param", "code"]) assert.ok(key in error, text);
  }
  return error.message;
}

/** The data of the events of a stream. @throws SyntaxError one is no JSON */
export function eventsIn(text: string): Readonly<Record<string, unknown>>[] {
  const found: Readonly<Record<string, unknown>>[] = [];
  for (const block of text.replaceAll(/\r\n|\r/g, "\n").split("\n\n")) {
    const data = block
      .split("\n")
      .filter((line) => line.startsWith("data:"))
      .map((line) => line.slice(5).trim())
      .join("\n");
    if (data !== "" && data !== "[DONE]") found.push(JSON.parse(data));
  }
  return found;
}

/** Whether an event tells of an error. */
export function isErrorEvent(event: Readonly<Record<string, unknown>> | undefined): boolean {
  if (event === undefined) return false;
  const response = event.response as { readonly error?: unknown } | undefined;
  return (event.error ?? null) !== null || event.type === "error" || (response?.error ?? null) !== null;
}

/** Whether a stream says that its answer is complete. */
export function isComplete({ name }: ClientApi, text: string): boolean {
  const marks = {
    "openai-chat": /data: \[DONE\]\n\n/,
    "openai-responses": /"type":"response\.(completed|incomplete)"/,
    "anthropic-messages": /"type":"message_stop"/,
    gemini: /"finishReason":"STOP"/,
  };
  return marks[name].test(text);
}
