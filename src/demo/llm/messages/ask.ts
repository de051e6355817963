// A request for a message as an ask.
import type { Ask } from "../answer/ask.ts";
import { tokensIn } from "../answer/tokens.ts";
import type { ProviderState } from "../api.ts";
import { amount, withoutCommands } from "../commands.ts";
import type { Exchange } from "../exchange.ts";
import { Refusal } from "../rules/refusal.ts";
import type { ClaudeTraits } from "./models.ts";
import { blocksOf, type ClaudeBlock, type ClaudeBody, textIn } from "./types.ts";

/** Tokens of a prompt. */
export function claudeInput({ system, tools, messages }: Pick<ClaudeBody, "system" | "tools" | "messages">): number {
  return tokensIn(system ?? "") + tokensIn(tools ?? []) + tokensIn(messages);
}

/** @throws Refusal the prompt is longer than the model's context */
export function claudeAsk(body: ClaudeBody, exchange: Exchange, traits: ClaudeTraits, state: ProviderState): Ask {
  const spoken = body.messages.findLast(({ role, content }) => role === "user" && textIn(content) !== "");
  const said = textIn(spoken?.content);
  const last = body.messages.at(-1);
  const commands = exchange.commands(body.model, said);
  const input = claudeInput(body);
  if (input > traits.context)
    throw new Refusal("overflow", `prompt is too long: ${input} tokens > ${traits.context} maximum`);
  const { read, written } = cacheUse(body, exchange, state);
  return {
    prompt: withoutCommands(said),
    attachments: blocksOf(last?.content)
      .map(({ type }) => type)
      .filter((type) => type === "image" || type === "document"),
    results: blocksOf(last?.content)
      .filter(({ type }) => type === "tool_result")
      .map(({ content }) => textIn(content)),
    tools: (body.tools ?? [])
      .filter(({ input_schema }) => input_schema !== undefined)
      .map(({ name, input_schema }) => ({ name, schema: input_schema!, freeform: false })),
    ...choiceOf(body),
    parallel: body.tool_choice?.disable_parallel_tool_use !== true,
    thinks: body.thinking !== undefined && body.thinking.type !== "disabled",
    maxTokens: body.max_tokens,
    stop: body.stop_sequences ?? [],
    schema: body.output_config?.format?.schema ?? null,
    choices: 1,
    commands,
    seed: exchange.seed,
    input,
    cacheRead: Math.min(input, amount(commands, "cached", read)),
    cacheWrite: commands.has("cached") ? 0 : written,
  };
}

function choiceOf({ tool_choice }: ClaudeBody): Pick<Ask, "choice" | "allowed"> {
  switch (tool_choice?.type) {
    case "none":
      return { choice: "none", allowed: null };
    case "any":
      return { choice: "required", allowed: null };
    case "tool":
      return { choice: "required", allowed: [tool_choice.name!] };
    default:
      return { choice: "auto", allowed: null };
  }
}

/** Only what is marked is cached, up to the last mark. */
function cacheUse(body: ClaudeBody, exchange: Exchange, state: ProviderState) {
  const pieces: readonly { readonly cache_control?: unknown }[] = [
    ...(body.tools ?? []),
    ...blocksOf(body.system),
    ...body.messages.flatMap(({ content }): readonly ClaudeBlock[] => blocksOf(content)),
  ];
  const marked =
    body.cache_control == null ? pieces.findLastIndex((piece) => piece.cache_control != null) + 1 : pieces.length;
  const bare = pieces.map(({ cache_control: _, ...piece }) => piece);
  return state.cache.use(exchange.account, bare, marked);
}

/** Whether the longest lifetime asked for is an hour. */
export function asksHour(body: ClaudeBody): boolean {
  return JSON.stringify([body.cache_control, body.system, body.tools]).includes('"ttl":"1h"');
}
