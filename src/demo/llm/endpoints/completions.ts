// `POST /completions`: the API before chat.

import { tokensOf } from "../answer/tokens.ts";
import type { Route } from "../api.ts";
import { chatTraits } from "../chat/models.ts";
import { commandsIn, splitModel } from "../commands.ts";
import { misbehave } from "../faults.ts";
import { checkShape } from "../rules/openai-words.ts";
import { Refusal } from "../rules/refusal.ts";
import { anything, bool, byType, each, fields, list, nullable, number, text, whole } from "../rules/shape.ts";

const request = fields(
  { model: text(), prompt: byType({ string: text(), array: list(text(), 1) }) },
  {
    ...each(nullable(number()), "temperature", "top_p", "frequency_penalty", "presence_penalty"),
    ...each(nullable(whole(0)), "max_tokens", "n", "best_of", "logprobs", "seed"),
    ...each(anything, "stop", "logit_bias", "suffix", "user", "stream_options"),
    ...each(nullable(bool), "stream", "echo"),
  },
);

/** @param kind of provider */
export function completionsRoute(kind: string): Route {
  return [
    "POST",
    /\/completions$/,
    (exchange) => {
      const json = exchange.json();
      checkShape(() => request(json, []));
      const { name } = splitModel(String(json.model));
      if (chatTraits(kind, name) === null) throw new Refusal("notFound", "", null, "model_not_found");
      const prompt = [json.prompt].flat().join("\n");
      if (misbehave(exchange, commandsIn(prompt, []))) return;
      const said = ` and so on: ${prompt.slice(0, 100)}`;
      const head = { id: `cmpl-${exchange.seed}`, object: "text_completion", created: 1_764_547_200, model: name };
      const choices = [{ index: 0, text: said, logprobs: null, finish_reason: "stop" }];
      const [input, output] = [tokensOf(prompt), tokensOf(said)];
      const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
      if (json.stream !== true) return exchange.json200({ ...head, choices, usage });
      exchange.response.writeHead(200, { ...exchange.own, "Content-Type": "text/event-stream" });
      exchange.response.write(`data: ${JSON.stringify({ ...head, choices })}\n\n`);
      exchange.response.end("data: [DONE]\n\n");
    },
  ];
}
