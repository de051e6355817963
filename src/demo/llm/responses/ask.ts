// A request for a response as an ask.
import type { Ask, OfferedTool } from "../answer/ask.ts";
import { tokensIn } from "../answer/tokens.ts";
import type { ProviderState } from "../api.ts";
import type { ChatTraits } from "../chat/models.ts";
import { amount, withoutCommands } from "../commands.ts";
import type { Exchange } from "../exchange.ts";
import { Refusal } from "../rules/refusal.ts";
import { type InputItem, type ResponseBody, textIn } from "./types.ts";

/** @param items all of them @throws Refusal the prompt is longer than the model's context */
export function responseAsk(
  body: ResponseBody,
  items: readonly InputItem[],
  exchange: Exchange,
  traits: ChatTraits,
  state: ProviderState,
): Ask {
  const spoken = items.findLast(({ role, content }) => role === "user" && textIn(content) !== "");
  const said = textIn(spoken?.content);
  const commands = exchange.commands(body.model, said);
  const input = tokensIn(body.instructions ?? "") + tokensIn(body.tools ?? []) + tokensIn(items);
  if (input > traits.context)
    throw new Refusal("overflow", "Your input exceeds the context window of this model. Please adjust your input.");
  const pieces = [body.instructions ?? "", body.tools ?? [], ...items];
  const { read } = state.cache.use(exchange.account, pieces, pieces.length);
  return {
    prompt: withoutCommands(said),
    attachments: attachmentsOf(items.at(-1)),
    results: resultsOf(items),
    tools: toolsOf(body),
    ...choiceOf(body),
    parallel: body.parallel_tool_calls !== false,
    thinks: traits.thinks && body.reasoning?.effort !== "none",
    maxTokens: body.max_output_tokens ?? null,
    stop: [],
    schema: schemaOf(body),
    choices: 1,
    commands,
    seed: exchange.seed,
    input,
    cacheRead: Math.min(input, amount(commands, "cached", read)),
    cacheWrite: 0,
  };
}

function toolsOf({ tools = [] }: ResponseBody): OfferedTool[] {
  return tools
    .flatMap((tool) => tool.tools ?? [tool])
    .filter(({ type }) => type === "function" || type === "custom")
    .map(({ type, name, parameters }) => ({ name: name!, schema: parameters ?? null, freeform: type === "custom" }));
}

function attachmentsOf(item: InputItem | undefined): string[] {
  if (item?.content === undefined || typeof item.content === "string") return [];
  const kinds: Readonly<Record<string, string>> = {
    input_image: "image",
    input_file: "document",
    input_audio: "audio",
  };
  return item.content.flatMap(({ type }) => (kinds[type] === undefined ? [] : [kinds[type]]));
}

/** Results of tools at the end. */
function resultsOf(items: readonly InputItem[]): string[] {
  const first = items.findLastIndex(({ output }) => output === undefined) + 1;
  return items.slice(first).map(({ output }) => textIn(output));
}

function choiceOf({ tool_choice }: ResponseBody): Pick<Ask, "choice" | "allowed"> {
  if (tool_choice === undefined) return { choice: "auto", allowed: null };
  if (typeof tool_choice === "string") return { choice: tool_choice as Ask["choice"], allowed: null };
  if (tool_choice.type !== "allowed_tools") return { choice: "required", allowed: [tool_choice.name ?? ""] };
  const allowed = tool_choice.tools!.map(({ name = "" }) => name);
  return { choice: tool_choice.mode as Ask["choice"], allowed };
}

function schemaOf({ text }: ResponseBody): Ask["schema"] {
  const format = text?.format;
  if (format?.type === "json_schema") return format.schema ?? null;
  return format?.type === "json_object" ? { type: "object", properties: { answer: { type: "string" } } } : null;
}
