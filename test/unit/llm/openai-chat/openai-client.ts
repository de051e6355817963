// OpenAI's own client, over a fetch that answers from memory.
import OpenAI from "openai";

/** Base URL of clients; nobody is asked there. */
export const BASE_URL = "http://llm.test/v1";

/** A fetch that answers every request with this. */
export function answering(body: string, type = "text/event-stream", status = 200): typeof fetch {
  return async () => new Response(body, { status, headers: { "content-type": type } });
}

/** OpenAI's own client. */
export function openaiClient(fetch: typeof globalThis.fetch): OpenAI {
  return new OpenAI({ apiKey: "none", baseURL: BASE_URL, fetch, maxRetries: 0 });
}
