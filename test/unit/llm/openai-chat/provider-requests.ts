// Requests written for providers of Chat Completions.
import type { WrittenRequest } from "../../../../src/llm/format.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import type { Dialect, ModelFacts } from "../../../../src/llm/models/model.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { PROVIDER_KINDS } from "../../../../src/llm/providers/kinds.ts";
import { chatRequest, modelTarget } from "../../../support/llm/common-form.ts";

/** Endpoints that are not OpenAI's. */
export const OPENROUTER = PROVIDER_KINDS.openrouter.dialect;
export const COMPATIBLE = PROVIDER_KINDS.openaiCompatible.dialect;

/** A request for a model of OpenAI's that can do everything, unless facts and dialect say otherwise. */
export function write(
  request: Partial<ChatRequest>,
  facts: Partial<ModelFacts> = {},
  dialect: Partial<Dialect> = {},
): WrittenRequest {
  return openaiChat.provider.writeRequest(chatRequest(request), modelTarget(facts, dialect));
}
