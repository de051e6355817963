// Writes a request for a provider of Anthropic Messages.
import type { WrittenRequest } from "../format.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { TOOL_NAMES, ToolNames } from "../tools/ids.ts";
import { limitMarks } from "./cache-marks.ts";
import { BlockWriter, textBlock } from "./write-blocks.ts";
import { otherFields } from "./write-fields.ts";
import { type Answer, writeAnswer } from "./write-output-format.ts";
import { writeThinking } from "./write-thinking.ts";
import { pastTools, writeToolChoice, writeTools } from "./write-tools.ts";
import { loopsWithoutThought, writeMessages, writeSystem } from "./write-turns.ts";

/** @throws LlmError of `unsupported` for what the format or the model cannot express */
export function writeRequest(request: ChatRequest, target: ModelTarget): WrittenRequest {
  const [native] = request.nativeOnly;
  if (native !== undefined) throw unsupported(native, native);
  if (request.choices > 1) throw unsupported("more than one answer", "n");
  const warnings = [...request.droppable];
  const names = new ToolNames(request, TOOL_NAMES.anthropic, false);
  const messages = writeMessages(request.turns, new BlockWriter(target, names), warnings);
  const system = writeSystem(request.system);
  const tools = writeTools(request, names, target.facts, warnings);
  const choice = writeToolChoice(request, names);
  const answer = writeAnswer(request.output, target.facts, choice, tools.length === 0, warnings);
  if (answer.instruction !== null) system.push(textBlock(answer.instruction)!);
  const forced = answer.choice?.type === "any" || answer.choice?.type === "tool";
  const stuck = forced ? "always" : loopsWithoutThought(messages) ? "withBudget" : "no";
  const thinking = writeThinking(request, target.facts, stuck, warnings);
  const blocks = [...tools, ...system, ...messages.flatMap(({ content }) => content)];
  limitMarks(blocks, warnings);
  const body = {
    model: target.upstreamName,
    max_tokens: thinking.maxTokens,
    ...(system.length > 0 ? { system } : null),
    messages,
    ...toolFields(tools, answer, messages),
    ...(thinking.thinking === null ? null : { thinking: thinking.thinking }),
    ...outputConfig(thinking.effort, answer.format),
    ...otherFields(request, target.facts, thinking.on, warnings),
    stream: request.stream,
  };
  return { body, warnings: [...new Set(warnings)], toolNames: names.restores ? names : null };
}

function toolFields(
  declared: ReturnType<typeof writeTools>,
  { tool, choice }: Answer,
  messages: Parameters<typeof pastTools>[0],
): object | null {
  const tools = tool === null ? declared : [...declared, tool];
  if (tools.length > 0) return { tools, ...(choice === null ? null : { tool_choice: choice }) };
  const past = pastTools(messages);
  return past.length === 0 ? null : { tools: past, tool_choice: { type: "none" } };
}

function outputConfig(effort: string | null, format: object | null): object | null {
  if (effort === null && format === null) return null;
  return { output_config: { ...(effort === null ? null : { effort }), ...(format === null ? null : { format }) } };
}
