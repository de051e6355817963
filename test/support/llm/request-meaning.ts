// What a request asks of a model, as the mock provider of each API understands it once it has checked it.
import type { Ask } from "../../../src/demo/llm/answer/ask.ts";
import { PromptCache } from "../../../src/demo/llm/answer/prompt-cache.ts";
import type { ProviderState } from "../../../src/demo/llm/api.ts";
import { chatAsk } from "../../../src/demo/llm/chat/ask.ts";
import { chatTraits } from "../../../src/demo/llm/chat/models.ts";
import { checkChat } from "../../../src/demo/llm/chat/rules.ts";
import { CHAT_REQUESTS } from "../../../src/demo/llm/chat/shapes.ts";
import type { ChatBody } from "../../../src/demo/llm/chat/types.ts";
import type { Exchange } from "../../../src/demo/llm/exchange.ts";
import { geminiAsk } from "../../../src/demo/llm/gemini/ask.ts";
import { geminiTraits } from "../../../src/demo/llm/gemini/models.ts";
import { checkGemini } from "../../../src/demo/llm/gemini/rules.ts";
import { generateRequest } from "../../../src/demo/llm/gemini/shapes.ts";
import type { GeminiBody } from "../../../src/demo/llm/gemini/types.ts";
import { claudeAsk } from "../../../src/demo/llm/messages/ask.ts";
import { claudeTraits } from "../../../src/demo/llm/messages/models.ts";
import { checkClaude } from "../../../src/demo/llm/messages/rules.ts";
import { messageRequest } from "../../../src/demo/llm/messages/shapes.ts";
import type { ClaudeBody } from "../../../src/demo/llm/messages/types.ts";
import { ObjectStore } from "../../../src/demo/llm/objects.ts";
import { responseAsk } from "../../../src/demo/llm/responses/ask.ts";
import { allItems, checkResponses } from "../../../src/demo/llm/responses/rules.ts";
import { responseRequest } from "../../../src/demo/llm/responses/shapes.ts";
import type { ResponseBody } from "../../../src/demo/llm/responses/types.ts";
import type { WireFormat } from "../../../src/llm/format.ts";
import type { JsonObject } from "../../../src/llm/json/values.ts";
import { factsOf } from "../../../src/llm/models/known-models.ts";
import type { ModelTarget } from "../../../src/llm/models/model.ts";
import { PROVIDER_KINDS, type ProviderKind } from "../../../src/llm/providers/kinds.ts";
import { CLIENTS } from "./formats.ts";

/** A provider with one of its models. */
export interface AskedProvider {
  readonly name: string;
  readonly format: WireFormat;
  readonly target: ModelTarget;
  /** What a body asks. @throws Refusal, or Mismatch, where the provider would refuse it */
  ask(body: JsonObject): Ask;
}

const [openaiChat, openaiResponses, anthropicMessages, gemini] = CLIENTS as [
  WireFormat,
  WireFormat,
  WireFormat,
  WireFormat,
];

/** All kinds, with models whose rules differ. */
export const ASKED: readonly AskedProvider[] = [
  provider("openai", openaiChat, "gpt-5", chatReader("openai")),
  provider("openai", openaiChat, "gpt-4o-mini", chatReader("openai")),
  provider("openrouter", openaiChat, "anthropic/claude-sonnet-4.6", chatReader("openrouter")),
  provider("openaiCompatible", openaiChat, "llama3.2", chatReader("openaiCompatible")),
  provider("openai", openaiResponses, "gpt-5", readResponses),
  provider("openai", openaiResponses, "gpt-4o-mini", readResponses),
  provider("anthropic", anthropicMessages, "claude-opus-4-8", readMessages),
  provider("anthropic", anthropicMessages, "claude-sonnet-4-6", readMessages),
  provider("anthropic", anthropicMessages, "claude-haiku-4-5", readMessages),
  provider("gemini", gemini, "gemini-3-pro", readGemini),
  provider("gemini", gemini, "gemini-2.5-pro", readGemini),
  provider("gemini", gemini, "gemini-2.5-flash", readGemini),
];

function provider(
  kind: ProviderKind,
  format: WireFormat,
  model: string,
  read: (body: JsonObject, model: string) => Ask,
): AskedProvider {
  const target = {
    upstreamName: model,
    facts: factsOf(model, model, kind).facts,
    dialect: PROVIDER_KINDS[kind].dialect,
  };
  return { name: `${format.name} of ${kind} (${model})`, format, target, ask: (body) => read(body, model) };
}

/** Nothing is commanded, and nobody asks. */
const EXCHANGE = { commands: () => new Map(), seed: "0".repeat(32), account: "" } as unknown as Exchange;

function state(): ProviderState {
  return { pace: { headMs: 0, eventMs: 0 }, cache: new PromptCache(), objects: new ObjectStore() };
}

function chatReader(kind: string) {
  return (json: JsonObject, model: string): Ask => {
    CHAT_REQUESTS[kind]!(json, []);
    const body = json as unknown as ChatBody;
    const traits = chatTraits(kind, model)!;
    checkChat(body, kind, traits);
    return chatAsk(body, EXCHANGE, traits, state());
  };
}

function readResponses(json: JsonObject, model: string): Ask {
  responseRequest(json, []);
  const body = json as unknown as ResponseBody;
  const traits = chatTraits("openai", model)!;
  const items = allItems(body, []);
  checkResponses(body, items, traits, "");
  return responseAsk(body, items, EXCHANGE, traits, state());
}

function readMessages(json: JsonObject, model: string): Ask {
  messageRequest(json, []);
  const body = json as unknown as ClaudeBody;
  const traits = claudeTraits(model)!;
  checkClaude(body, traits);
  return claudeAsk(body, EXCHANGE, traits, state());
}

function readGemini(json: JsonObject, model: string): Ask {
  generateRequest(json, []);
  const body = json as unknown as GeminiBody;
  const traits = geminiTraits(model)!;
  checkGemini(body, traits);
  return geminiAsk(body, model, EXCHANGE, traits, state());
}
