// `POST /chat/completions` of a mock provider.

import type { Handler } from "../api.ts";
import { splitModel } from "../commands.ts";
import { converse } from "../converse.ts";
import { openaiError } from "../rules/openai-errors.ts";
import { checkShape } from "../rules/openai-words.ts";
import { Refusal } from "../rules/refusal.ts";
import { chunks, completion } from "./answer.ts";
import { chatAsk } from "./ask.ts";
import { chatTraits } from "./models.ts";
import { checkChat } from "./rules.ts";
import { CHAT_REQUESTS } from "./shapes.ts";
import type { ChatStyle } from "./style.ts";
import type { ChatBody } from "./types.ts";

/** @param kind of provider */
export function chatHandler(kind: string): Handler {
  const shape = CHAT_REQUESTS[kind]!;
  return (exchange, _found, state) => {
    const json = exchange.json();
    checkShape(() => shape(json, []));
    const body = json as unknown as ChatBody;
    const { name } = splitModel(body.model);
    const traits = chatTraits(kind, name);
    if (traits === null) throw new Refusal("notFound", `The model '${name}' does not exist.`, null, "model_not_found");
    checkChat(body, kind, traits);
    const ask = chatAsk(body, exchange, traits, state);
    const style: ChatStyle = {
      kind,
      model: name,
      usage: body.stream_options?.include_usage === true,
      obfuscates: kind === "openai" && body.stream_options?.include_obfuscation !== false,
      logprobs: body.logprobs === true ? (body.top_logprobs ?? 0) : null,
      tier: body.service_tier == null || body.service_tier === "auto" ? "default" : body.service_tier,
    };
    const conversation = {
      ask,
      stream: body.stream === true,
      answer: (reply: Parameters<typeof completion>[1]) => completion(ask, reply, style),
      frames: (reply: Parameters<typeof completion>[1]) => chunks(ask, reply, style),
      failure: (refusal: Refusal) => `data: ${JSON.stringify(errorOf(refusal, kind))}\n\n`,
      errorBody: (refusal: Refusal) => errorOf(refusal, kind),
      lineEnd: "\n",
    };
    return converse(exchange, conversation, state.pace);
  };
}

/** OpenRouter writes the status as the code. */
function errorOf(refusal: Refusal, kind: string): unknown {
  const error = openaiError(refusal);
  if (kind !== "openrouter") return { error };
  return { error: { code: refusal.kind === "overloaded" ? 502 : 500, message: error.message } };
}
