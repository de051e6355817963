// The mock of Gemini.
import type { Reply } from "../answer/reply.ts";
import { tokensIn } from "../answer/tokens.ts";
import type { Api, Handler, Route } from "../api.ts";
import { splitModel } from "../commands.ts";
import { converse } from "../converse.ts";
import { vectorOf } from "../endpoints/embeddings.ts";
import { accountOf, bearerOf, ownerOf, refuseForeignKeys } from "../rules/credentials.ts";
import { Refusal } from "../rules/refusal.ts";
import { generated, generatedEvents } from "./answer.ts";
import { geminiAsk, geminiInput } from "./ask.ts";
import { geminiFileRoutes } from "./files.ts";
import { GEMINIS, type GeminiTraits, geminiTraits } from "./models.ts";
import { checkGemini } from "./rules.ts";
import { countRequest, embedRequest, generateRequest } from "./shapes.ts";
import { type GeminiBody, textIn } from "./types.ts";
import { checkGeminiShape, geminiError, geminiRefusal } from "./words.ts";

const generate: Handler = (exchange, [, written = "", method = ""], state) => {
  const json = exchange.json();
  checkGeminiShape(() => generateRequest(json, []));
  const body = json as unknown as GeminiBody;
  const model = decodeURIComponent(written);
  const { name, traits } = modelOf(model);
  checkGemini(body, traits);
  const ask = geminiAsk(body, model, exchange, traits, state);
  const { generationConfig: config = {} } = body;
  const style = {
    model: name,
    thoughts: config.thinkingConfig?.includeThoughts === true,
    signed: traits.signed || config.thinkingConfig !== undefined,
    logprobs: config.responseLogprobs === true,
  };
  const events = new URLSearchParams(exchange.query).get("alt") === "sse";
  const stream = method === "streamGenerateContent";
  // Without `alt=sse` a stream is one array; nobody is waiting for its pieces here.
  const answer = (reply: Reply) => (stream ? [generated(ask, reply, style)] : generated(ask, reply, style));
  const failure = (refusal: Refusal) => `data: ${JSON.stringify(geminiError(refusal))}\n\n`;
  const frames = (reply: Reply) => generatedEvents(ask, reply, style);
  const errorBody = (refusal: Refusal) => geminiError(refusal);
  const conversation = { ask, stream: stream && events, answer, frames, failure, errorBody, lineEnd: "\r\n" };
  return converse(exchange, conversation, state.pace);
};

const countTokens: Handler = (exchange, [, model = ""]) => {
  const json = exchange.json();
  checkGeminiShape(() => countRequest(json, []));
  modelOf(decodeURIComponent(model));
  const body = (json.generateContentRequest ?? json) as GeminiBody;
  exchange.json200({ totalTokens: geminiInput(body), promptTokensDetails: [] });
};

const embed: Handler = (exchange) => {
  const json = exchange.json();
  checkGeminiShape(() => embedRequest(json, []));
  exchange.json200({ embedding: embedding(json) });
};

const batchEmbed: Handler = (exchange) => {
  const { requests } = exchange.json();
  if (!Array.isArray(requests)) throw new Refusal("invalid", "requests: must be set");
  for (const request of requests) checkGeminiShape(() => embedRequest(request, []));
  exchange.json200({ embeddings: requests.map((request) => embedding(request as Readonly<Record<string, unknown>>)) });
};

const routes: readonly Route[] = [
  ["POST", /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent)$/, generate],
  ["POST", /^\/v1(?:beta)?\/models\/([^/:]+):countTokens$/, countTokens],
  ["POST", /^\/v1(?:beta)?\/models\/([^/:]+):embedContent$/, embed],
  ["POST", /^\/v1(?:beta)?\/models\/([^/:]+):batchEmbedContents$/, batchEmbed],
  ["GET", /^\/v1(?:beta)?\/models$/, (exchange) => exchange.json200({ models: GEMINIS.map(row) })],
  [
    "GET",
    /^\/v1(?:beta)?\/models\/([^/:]+)$/,
    (exchange, [, model = ""]) => {
      modelOf(model);
      exchange.json200(row(model));
    },
  ],
  ...geminiFileRoutes,
];

/** Gemini. */
export const geminiApi: Api = {
  title: "Gemini",
  routes,
  authenticate(exchange) {
    refuseForeignKeys(exchange, "gemini");
    const key = exchange.header("x-goog-api-key") || new URLSearchParams(exchange.query).get("key") || "";
    const bearer = bearerOf(exchange);
    if (key === "" && bearer === "")
      throw new Refusal("permission", "Method doesn't allow unregistered callers. Please use API Key.");
    if (ownerOf(key || bearer) !== "gemini") throw new Refusal("authentication", "");
    return accountOf(key || bearer);
  },
  ownFields: () => ({ "Server-Timing": "gfet4t7; dur=12" }),
  writeRefusal: geminiRefusal,
};

function modelOf(written: string): { readonly name: string; readonly traits: GeminiTraits } {
  const { name } = splitModel(written);
  const traits = geminiTraits(name);
  if (traits === null)
    throw new Refusal("notFound", `models/${name} is not found for API version v1beta, or is not supported.`);
  return { name, traits };
}

function row(id: string): Readonly<Record<string, unknown>> {
  const { context, output, budget } = geminiTraits(id)!;
  return {
    name: `models/${id}`,
    displayName: id.replaceAll("-", " "),
    version: "001",
    inputTokenLimit: context,
    outputTokenLimit: output,
    supportedGenerationMethods: ["generateContent", "countTokens"],
    temperature: 1,
    maxTemperature: 2,
    thinking: budget !== null,
  };
}

function embedding({ content, outputDimensionality }: Readonly<Record<string, unknown>>): unknown {
  const dimensions = typeof outputDimensionality === "number" ? outputDimensionality : 8;
  const text = textIn(content as GeminiBody["contents"][number]);
  return { values: vectorOf(text, dimensions), statistics: { tokenCount: tokensIn(text) } };
}
