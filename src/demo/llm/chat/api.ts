// Mock providers that are compatible with OpenAI: OpenRouter, and servers on one's own machines.
import type { Api } from "../api.ts";
import { routesAroundChat } from "../endpoints/around-chat.ts";
import { accountOf, bearerOf, ownerOf, refuseForeignKeys } from "../rules/credentials.ts";
import { openaiRefusal } from "../rules/openai-errors.ts";
import { Refusal } from "../rules/refusal.ts";
import { chatHandler } from "./handler.ts";

const TITLES: Readonly<Record<string, string>> = {
  openrouter: "OpenRouter",
  openaiCompatible: "Server compatible with OpenAI",
};

/** @param kind `openrouter` or `openaiCompatible` */
export function chatApi(kind: "openrouter" | "openaiCompatible"): Api {
  return {
    title: TITLES[kind]!,
    routes: [["POST", /\/chat\/completions$/, chatHandler(kind)], ...routesAroundChat(kind)],
    authenticate(exchange) {
      const key = bearerOf(exchange);
      refuseForeignKeys(exchange, kind === "openrouter" ? "openrouter" : ownerOf(key) === "openai" ? "openai" : null);
      if (kind === "openaiCompatible") return key === "" ? "" : accountOf(key);
      if (ownerOf(key) !== "openrouter") throw new Refusal("authentication", "No auth credentials found");
      return accountOf(key);
    },
    ownFields: (requestId) => ({ "X-Request-Id": requestId }),
    writeRefusal: openaiRefusal,
  };
}
