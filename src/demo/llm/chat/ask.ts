// A request for a chat completion as an ask.
import type { Ask, OfferedTool } from "../answer/ask.ts";
import { tokensIn } from "../answer/tokens.ts";
import type { ProviderState } from "../api.ts";
import { amount, withoutCommands } from "../commands.ts";
import type { Exchange } from "../exchange.ts";
import { Refusal } from "../rules/refusal.ts";
import type { ChatTraits } from "./models.ts";
import type { ChatBody, ChatMessage } from "./types.ts";

/** @throws Refusal the prompt is longer than the model's context */
export function chatAsk(body: ChatBody, exchange: Exchange, traits: ChatTraits, state: ProviderState): Ask {
  const said = textOf(body.messages.findLast(({ role }) => role === "user"));
  const commands = exchange.commands(body.model, said);
  const input = tokensIn(body.messages) + tokensIn(body.tools ?? []);
  if (input > traits.context) throw new Refusal("overflow", "");
  const pieces = [body.tools ?? [], ...body.messages];
  const { read } = state.cache.use(exchange.account, pieces, pieces.length);
  const limit = body.max_completion_tokens ?? body.max_tokens ?? null;
  const stop = body.stop ?? [];
  return {
    prompt: withoutCommands(said),
    attachments: attachmentsOf(body.messages.findLast(({ role }) => role === "user")),
    results: resultsOf(body.messages),
    tools: (body.tools ?? []).map(offered),
    ...choiceOf(body),
    parallel: body.parallel_tool_calls !== false,
    thinks: thinks(body, traits),
    maxTokens: limit,
    stop: typeof stop === "string" ? [stop] : stop,
    schema: schemaOf(body),
    choices: body.n ?? 1,
    commands,
    seed: exchange.seed,
    input,
    cacheRead: Math.min(input, amount(commands, "cached", read)),
    cacheWrite: 0,
  };
}

function thinks(body: ChatBody, traits: ChatTraits): boolean {
  const effort = body.reasoning_effort ?? body.reasoning?.effort ?? null;
  if (effort !== null) return effort !== "none" && traits.efforts.length > 0;
  return traits.thinks || body.reasoning?.enabled === true || body.reasoning?.max_tokens !== undefined;
}

/** Text of a message. */
function textOf(message: ChatMessage | undefined): string {
  const content = message?.content ?? "";
  return typeof content === "string" ? content : content.map(({ text = "" }) => text).join("");
}

function attachmentsOf(message: ChatMessage | undefined): string[] {
  const content = message?.content ?? "";
  if (typeof content === "string") return [];
  const kinds: Readonly<Record<string, string>> = { image_url: "image", input_audio: "audio", file: "document" };
  return content.flatMap(({ type }) => (kinds[type] === undefined ? [] : [kinds[type]]));
}

/** Results of tools at the end. */
function resultsOf(messages: readonly ChatMessage[]): string[] {
  const first = messages.findLastIndex(({ role }) => role !== "tool") + 1;
  return messages.slice(first).map(textOf);
}

function offered({ function: called, custom }: NonNullable<ChatBody["tools"]>[number]): OfferedTool {
  return { name: (called ?? custom)!.name, schema: called?.parameters ?? null, freeform: called === undefined };
}

function choiceOf({ tool_choice }: ChatBody): Pick<Ask, "choice" | "allowed"> {
  if (tool_choice === undefined) return { choice: "auto", allowed: null };
  if (typeof tool_choice === "string") return { choice: tool_choice as Ask["choice"], allowed: null };
  const { allowed_tools } = tool_choice;
  if (allowed_tools === undefined)
    return { choice: "required", allowed: [(tool_choice.function ?? tool_choice.custom)!.name] };
  const allowed = allowed_tools.tools.map((tool) => (tool.function ?? tool.custom)?.name ?? "");
  return { choice: allowed_tools.mode as Ask["choice"], allowed };
}

function schemaOf({ response_format: format }: ChatBody): Ask["schema"] {
  if (format?.json_schema !== undefined) return format.json_schema.schema;
  if (format?.type !== "json_object") return null;
  return { type: "object", properties: { answer: { type: "string" } } };
}
