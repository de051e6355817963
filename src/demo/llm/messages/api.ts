// The mock of Anthropic.
import type { Reply } from "../answer/reply.ts";
import type { Api, Handler, Route } from "../api.ts";
import { splitModel } from "../commands.ts";
import { converse } from "../converse.ts";
import type { Exchange } from "../exchange.ts";
import { accountOf, bearerOf, ownerOf, refuseForeignKeys } from "../rules/credentials.ts";
import { Refusal } from "../rules/refusal.ts";
import { message, messageEvents } from "./answer.ts";
import { asksHour, claudeAsk, claudeInput } from "./ask.ts";
import { batchRoutes } from "./batches.ts";
import { claudeModelRoutes } from "./model-routes.ts";
import { type ClaudeTraits, claudeTraits } from "./models.ts";
import { checkClaude } from "./rules.ts";
import { BETA_FIELDS, countRequest, messageRequest } from "./shapes.ts";
import type { ClaudeBody } from "./types.ts";
import { checkClaudeShape, claudeError, claudeRefusal } from "./words.ts";

const VERSIONS = ["2023-06-01", "2026-10-21"];

const messages: Handler = (exchange, _found, state) => {
  const json = withoutBeta(exchange);
  checkClaudeShape(() => messageRequest(json, []));
  const body = json as unknown as ClaudeBody;
  const { model, traits } = modelOf(body.model);
  checkClaude(body, traits);
  const ask = claudeAsk(body, exchange, traits, state);
  const style = { model, omitted: body.thinking?.display === "omitted", hour: asksHour(body) };
  const requestId = exchange.own["Request-Id"]!;
  const conversation = {
    ask,
    stream: body.stream === true,
    answer: (reply: Reply) => message(ask, reply, style),
    frames: (reply: Reply) => messageEvents(ask, reply, style),
    failure: (refusal: Refusal) => `event: error\ndata: ${JSON.stringify(claudeError(refusal, requestId))}\n\n`,
    errorBody: (refusal: Refusal) => claudeError(refusal, requestId),
    lineEnd: "\n",
  };
  return converse(exchange, conversation, state.pace);
};

const countTokens: Handler = (exchange) => {
  const json = withoutBeta(exchange);
  checkClaudeShape(() => countRequest(json, []));
  const body = json as unknown as ClaudeBody;
  modelOf(body.model);
  exchange.json200({ input_tokens: claudeInput(body) });
};

const routes: readonly Route[] = [
  ["POST", /^\/v1\/messages$/, messages],
  ["POST", /^\/v1\/messages\/count_tokens$/, countTokens],
  ...claudeModelRoutes,
  ...batchRoutes,
];

/** Anthropic. */
export const anthropicApi: Api = {
  title: "Anthropic",
  routes,
  authenticate(exchange) {
    refuseForeignKeys(exchange, "anthropic");
    if (!VERSIONS.includes(exchange.header("anthropic-version")))
      throw new Refusal("invalid", "anthropic-version: header is required");
    return accountOf(keyOf(exchange));
  },
  ownFields: (requestId) => ({
    "Request-Id": requestId,
    "Anthropic-Ratelimit-Requests-Limit": "4000",
    "Anthropic-Ratelimit-Requests-Remaining": "3999",
    "Anthropic-Ratelimit-Requests-Reset": "2026-12-01T00:00:00Z",
    "Anthropic-Ratelimit-Unified-Status": "allowed",
  }),
  writeRefusal: claudeRefusal,
};

/** A key in either field, or a token of a subscription as bearer. */
function keyOf(exchange: Exchange): string {
  const key = exchange.header("x-api-key");
  const bearer = bearerOf(exchange);
  if (key === "" && bearer === "") throw new Refusal("authentication", "x-api-key header is required");
  if (key !== "" && bearer !== "") throw new Refusal("authentication", "Only one credential may be sent");
  if (ownerOf(key || bearer) !== "anthropic")
    throw new Refusal("authentication", key === "" ? "Invalid bearer token" : "");
  if (/^sk-ant-oat/.test(key)) throw new Refusal("authentication", "");
  if (/^sk-ant-oat/.test(bearer) && !exchange.header("anthropic-beta").includes("oauth-2025-04-20"))
    throw new Refusal("authentication", "OAuth authentication is currently not supported.");
  return key || bearer;
}

/** The body without the fields that a beta of the request makes known. */
function withoutBeta(exchange: Exchange): Readonly<Record<string, unknown>> {
  const beta = exchange.header("anthropic-beta");
  return Object.fromEntries(Object.entries(exchange.json()).filter(([key]) => BETA_FIELDS[key]?.test(beta) !== true));
}

function modelOf(written: string): { readonly model: string; readonly traits: ClaudeTraits } {
  const { name: model } = splitModel(written);
  const traits = claudeTraits(model);
  if (traits === null) throw new Refusal("notFound", `model: ${model}`);
  return { model, traits };
}
