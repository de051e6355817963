// The mock of OpenAI: Chat Completions, Responses and everything around them.
import type { Api } from "./api.ts";
import { chatHandler } from "./chat/handler.ts";
import { routesAroundChat } from "./endpoints/around-chat.ts";
import { responsesRoutes } from "./responses/routes.ts";
import { accountOf, bearerOf, ownerOf, refuseForeignKeys } from "./rules/credentials.ts";
import { openaiRefusal } from "./rules/openai-errors.ts";
import { Refusal } from "./rules/refusal.ts";

/** OpenAI. */
export const openaiApi: Api = {
  title: "OpenAI",
  routes: [
    ["POST", /^\/v1\/chat\/completions$/, chatHandler("openai")],
    ...responsesRoutes,
    ...routesAroundChat("openai"),
  ],
  authenticate(exchange) {
    const key = bearerOf(exchange);
    refuseForeignKeys(exchange, "openai");
    if (key === "") throw new Refusal("authentication", "You didn't provide an API key.", null, null);
    if (ownerOf(key) !== "openai") throw new Refusal("authentication", "");
    return accountOf(key);
  },
  ownFields: (requestId) => ({
    "X-Request-Id": requestId,
    "OpenAI-Processing-Ms": "12",
    "X-RateLimit-Limit-Requests": "5000",
    "X-RateLimit-Remaining-Requests": "4999",
    "X-RateLimit-Reset-Requests": "12ms",
  }),
  writeRefusal: openaiRefusal,
};
