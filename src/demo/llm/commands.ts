// What a client can tell a mock provider to do wrong: `mock:429` in the prompt or the field `X-Mock`, `~429` after the model.

/** Commands by name; the value is what follows `=`, "" none. */
export type Commands = ReadonlyMap<string, string>;

/** Commands, and what each does; every mock provider shows this list at `/`. */
export const COMMANDS: Readonly<Record<string, string>> = {
  "400": "the request is invalid",
  "401": "the key is wrong",
  "402": "the account is out of credit",
  "403": "the key may not use the model",
  "404": "there is no such model",
  "413": "the request is too large",
  "429": "rate limit; =N asks for a pause of N seconds",
  quota: "the quota of the account is used up",
  "500": "the provider fails",
  "503": "the provider is unavailable",
  "529": "the provider is overloaded",
  overflow: "the prompt is too long for the model",
  policy: "the prompt violates the content policy",
  html: "a page of HTML with status 200",
  "html-502": "a page of HTML with status 502",
  "error-in-200": "an error as the body, or the first event, of a reply with status 200",
  garbage: "a body that is no JSON",
  "wrong-type": "a good answer declared as text/plain",
  redirect: "307 to another host",
  hang: "no reply at all",
  reset: "the connection is cut before the reply",
  "cut-start": "the stream is cut before its first content; other replies in the middle",
  cut: "the stream is cut after its first content; other replies in the middle",
  "hang-stream": "the stream stops after its first content and stays open",
  "overloaded-stream": "the stream reports an overload before its first content",
  "error-stream": "the stream reports an error after its first content",
  "no-end": "the stream ends in good order without its last events",
  endless: "the stream never ends",
  "stay-open": "the stream is complete, but stays open",
  "no-usage": "the answer reports no usage",
  "early-usage": "the stream reports preliminary usage, too",
  wait: "=N: N ms before the reply begins",
  slow: "=N: N ms between events",
  bytes: "=N: the stream is written N bytes at a time",
  crlf: "lines end with CR LF",
  comments: "comments between events",
  think: "the model thinks though it was not asked to",
  redacted: "all thoughts are encrypted",
  refuse: "the model declines",
  block: "the prompt is blocked (Gemini)",
  length: "the answer is cut by its length limit",
  words: "=N: an answer of N words",
  "bad-arguments": "arguments of tool calls are no JSON",
  "stop-with-calls": "the finish reason of tool calls is that of a text",
  cached: "=N: N tokens of the prompt were read from the cache",
};

const IN_PROMPT = /\bmock:([a-z0-9=,-]+)(?:@([a-z0-9.-]+))?/g;

/**
 * Commands of a text, such as `mock:429=3` or `mock:slow=20,cut@openai`.
 * @param names of this provider: commands for others, marked by `@`, are not its business
 */
export function commandsIn(text: string, names: readonly string[]): Commands {
  const found = new Map<string, string>();
  for (const [, list = "", to] of text.matchAll(IN_PROMPT)) {
    if (to === undefined || names.includes(to)) addCommands(found, list);
  }
  return found;
}

/** A text without its commands. */
export function withoutCommands(text: string): string {
  return text.replaceAll(IN_PROMPT, "").trim();
}

/** A model name and the commands at its end: `gpt-5~429=3`. */
export function splitModel(model: string): { readonly name: string; readonly commands: string } {
  const tilde = model.indexOf("~");
  return tilde === -1
    ? { name: model, commands: "" }
    : { name: model.slice(0, tilde), commands: model.slice(tilde + 1) };
}

/** Adds commands of a list separated by commas. */
export function addCommands(to: Map<string, string>, list: string): void {
  for (const part of list.split(",")) {
    const [name = "", value = ""] = part.split("=", 2);
    if (Object.hasOwn(COMMANDS, name)) to.set(name, value);
  }
}

/** The number a command was given, or `otherwise`; at most 600 000. */
export function amount(commands: Commands, name: string, otherwise: number): number {
  const text = commands.get(name);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Math.min(Number(text), 600_000) : otherwise;
}
