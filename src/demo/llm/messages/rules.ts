// Rules of Anthropic's API that go beyond the shape of a request.
import { isOf } from "../answer/signature.ts";
import { isBase64 } from "../rules/pictures.ts";
import { Refusal } from "../rules/refusal.ts";
import type { ClaudeTraits } from "./models.ts";
import { blocksOf, type ClaudeBlock, type ClaudeBody, type ClaudeMessage } from "./types.ts";

const MOST_BREAKPOINTS = 4;

/** Checks a body whose shape is right. @throws Refusal */
export function checkClaude(body: ClaudeBody, traits: ClaudeTraits): void {
  checkFields(body, traits);
  checkThinking(body, traits);
  checkTools(body);
  const turns = merged(body.messages);
  for (const [i, turn] of turns.entries()) {
    checkContent(turn, i, i === turns.length - 1);
    checkResults(turns, i);
  }
  checkThoughts(body, turns);
  checkBreakpoints(body);
}

function checkFields(body: ClaudeBody, traits: ClaudeTraits): void {
  if (body.max_tokens > traits.output)
    throw refuse(`max_tokens: ${body.max_tokens} > ${traits.output}, which is the maximum for ${body.model}`);
  if (!traits.sampling) {
    for (const name of ["temperature", "top_p", "top_k"] as const) {
      const value = body[name];
      const usual = name === "temperature" ? value === 1 : name === "top_p" && value !== undefined && value >= 0.99;
      if (value !== undefined && !usual) throw refuse(`\`${name}\` is not supported for this model`);
    }
  }
  if (body.output_config?.effort != null && !traits.efforts.includes(body.output_config.effort))
    throw refuse("output_config.effort: This model does not support the effort parameter.");
  if (body.output_config?.format != null && !traits.schemas)
    throw refuse("output_config.format: This model does not support structured outputs.");
}

function checkThinking({ thinking, max_tokens, tool_choice, ...body }: ClaudeBody, traits: ClaudeTraits): void {
  if (thinking === undefined || thinking.type === "disabled") return;
  const type = thinking.type === "between_tools" ? "adaptive" : thinking.type;
  if (!traits.thinking.includes(type)) throw refuse(`thinking.type: \`${type}\` is not supported for this model`);
  if (thinking.budget_tokens !== undefined && thinking.budget_tokens >= max_tokens)
    throw refuse("`max_tokens` must be greater than `thinking.budget_tokens`.");
  if (tool_choice?.type === "any" || tool_choice?.type === "tool")
    throw refuse("Thinking may not be enabled when tool_choice forces tool use.");
  if (body.temperature !== undefined && body.temperature !== 1)
    throw refuse("`temperature` may only be set to 1 when thinking is enabled.");
  if (body.top_k !== undefined) throw refuse("`top_k` must be unset when thinking is enabled.");
}

function checkTools({ tools = [], tool_choice, messages }: ClaudeBody): void {
  const names = tools.map(({ name }) => name);
  if (new Set(names).size < names.length) throw refuse("tools: Tool names must be unique.");
  if (tool_choice !== undefined && tool_choice.type !== "none" && tools.length === 0)
    throw refuse("tool_choice: may only be specified while providing `tools`.");
  if (tool_choice?.type === "tool" && !names.includes(tool_choice.name!))
    throw refuse(`Tool '${tool_choice.name}' not found in provided tools`);
  const usesTools = messages.some(({ content }) => blocksOf(content).some(({ type }) => type === "tool_use"));
  if (usesTools && tools.length === 0)
    throw refuse("Requests which include `tool_use` or `tool_result` blocks must define tools");
}

/** Adjacent messages of one role are one turn. */
function merged(messages: readonly ClaudeMessage[]): { role: string; blocks: ClaudeBlock[]; bare: boolean }[] {
  const turns: { role: string; blocks: ClaudeBlock[]; bare: boolean }[] = [];
  for (const { role, content } of messages) {
    const last = turns.at(-1);
    if (last?.role === role) last.blocks.push(...blocksOf(content));
    else turns.push({ role, blocks: [...blocksOf(content)], bare: typeof content === "string" });
  }
  if (turns[0]?.role === "assistant") throw refuse('messages: first message must use the "user" role');
  return turns;
}

type Turn = ReturnType<typeof merged>[number];

function checkContent({ role, blocks }: Turn, i: number, last: boolean): void {
  if (blocks.length === 0 && !(last && role === "assistant"))
    throw refuse(
      `messages.${i}: all messages must have non-empty content except for the optional final assistant message`,
    );
  for (const [j, { type, text, source }] of blocks.entries()) {
    if (type === "text" && text === "") throw refuse(`messages.${i}: text content blocks must be non-empty`);
    if (type === "text" && !/\S/.test(text!.slice(0, 100)) && !/\S/.test(text!))
      throw refuse(`messages.${i}: text content blocks must contain non-whitespace text`);
    if (source?.type === "base64" && !isBase64(source.data ?? ""))
      throw refuse(`messages.${i}.content.${j}.source.base64: invalid base64 data`);
  }
  const final = blocks.at(-1);
  if (last && role === "assistant" && final?.type === "text" && /\s$/.test(final.text ?? ""))
    throw refuse("messages: final assistant content cannot end with trailing whitespace");
}

function checkResults(turns: readonly Turn[], i: number): void {
  const { role, blocks } = turns[i]!;
  const results = blocks.filter(({ type }) => type === "tool_result");
  const calls =
    turns[i - 1]?.role === "assistant" ? turns[i - 1]!.blocks.filter(({ type }) => type === "tool_use") : [];
  for (const { tool_use_id } of results) {
    if (!calls.some(({ id }) => id === tool_use_id))
      throw refuse(
        `messages.${i}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${tool_use_id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
  }
  const missing = calls.filter(({ id }) => results.filter(({ tool_use_id }) => tool_use_id === id).length !== 1);
  if (
    missing.length > 0 ||
    (calls.length > 0 && blocks.slice(0, results.length).some((block) => !results.includes(block)))
  )
    throw refuse(
      `messages.${i - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.map(({ id }) => id).join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    );
  if (role === "assistant" && i === turns.length - 1 && blocks.some(({ type }) => type === "tool_use"))
    throw refuse(`messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after`);
  const ids = blocks.filter(({ type }) => type === "tool_use").map(({ id }) => id);
  if (new Set(ids).size < ids.length) throw refuse(`messages.${i}: \`tool_use\` ids must be unique`);
}

/** Thoughts that come back are this provider's own; with a budget of thought, a tool loop brings them back. */
function checkThoughts({ thinking }: ClaudeBody, turns: readonly Turn[]): void {
  for (const [i, { blocks }] of turns.entries()) {
    for (const [j, { type, signature, data }] of blocks.entries()) {
      if (type === "thinking" && !isOf(signature, "anthropic"))
        throw refuse(`messages.${i}.content.${j}: Invalid \`signature\` in \`thinking\` block`);
      if (type === "redacted_thinking" && !isOf(data, "anthropic"))
        throw refuse(`messages.${i}.content.${j}: Invalid \`data\` in \`redacted_thinking\` block`);
    }
  }
  const i = turns.findLastIndex(({ role }) => role === "assistant");
  const inLoop = turns.at(-1)?.blocks.some(({ type }) => type === "tool_result") === true;
  const first = turns[i]?.blocks[0]?.type ?? "";
  if (thinking?.type === "enabled" && inLoop && !/thinking$/.test(first))
    throw refuse(
      `messages.${i}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block.`,
    );
}

function checkBreakpoints({ tools = [], system, messages, cache_control }: ClaudeBody): void {
  const places = [...tools, ...blocksOf(system), ...messages.flatMap(({ content }) => blocksOf(content))];
  const count = places.filter((place) => place.cache_control != null).length + (cache_control == null ? 0 : 1);
  if (count > MOST_BREAKPOINTS)
    throw refuse(`A maximum of 4 blocks with cache_control may be provided. Found ${count}.`);
}

function refuse(message: string): Refusal {
  return new Refusal("invalid", message);
}
