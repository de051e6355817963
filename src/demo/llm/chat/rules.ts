// Rules of Chat Completions that go beyond the shape of a request.
import { checkPictureUrl } from "../rules/pictures.ts";
import { Refusal } from "../rules/refusal.ts";
import { checkOutput, checkParameters } from "../rules/schemas.ts";
import type { ChatTraits } from "./models.ts";
import { checkDetails } from "./thoughts.ts";
import type { ChatBody, ChatMessage } from "./types.ts";

/** Checks a body whose shape is right. @throws Refusal */
export function checkChat(body: ChatBody, kind: string, traits: ChatTraits): void {
  checkFields(body, kind, traits);
  checkTools(body);
  checkMessages(body, kind, traits);
}

function checkFields(body: ChatBody, kind: string, traits: ChatTraits): void {
  const unsupported = (param: keyof ChatBody, more = "") =>
    new Refusal(
      "invalid",
      `Unsupported parameter: '${param}' is not supported with this model.${more}`,
      param,
      "unsupported_parameter",
    );
  if (body.stream_options != null && body.stream !== true)
    throw refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  if (body.max_tokens != null && !traits.maxTokens)
    throw unsupported("max_tokens", " Use 'max_completion_tokens' instead.");
  if (body.max_tokens != null && body.max_completion_tokens != null)
    throw refuse("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens");
  if (body.stop != null && !traits.stop) throw unsupported("stop");
  if (body.reasoning_effort != null && !traits.efforts.includes(body.reasoning_effort))
    throw unsupported("reasoning_effort");
  if (!traits.sampling) {
    for (const param of ["temperature", "top_p"] as const) {
      if (body[param] != null && body[param] !== 1) throw unsupportedValue(param, body[param]);
    }
    for (const param of ["frequency_penalty", "presence_penalty"] as const) {
      if (body[param] != null && body[param] !== 0) throw unsupportedValue(param, body[param]);
    }
    for (const param of ["logit_bias", "logprobs", "top_logprobs"] as const) {
      if (body[param] != null && body[param] !== false) throw unsupported(param);
    }
  }
  const format = body.response_format;
  if (format?.type === "json_object" && kind === "openai" && !/json/i.test(JSON.stringify(body.messages)))
    throw refuse(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      "messages",
    );
  if (format?.type === "json_schema" && format.json_schema !== undefined) {
    const { name, schema, strict } = format.json_schema;
    checkOutput(name, schema, strict === true, "response_format");
  }
}

function checkTools({ tools, tool_choice, parallel_tool_calls }: ChatBody): void {
  if (tools === undefined) {
    if (tool_choice !== undefined && tool_choice !== "none")
      throw refuse("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
    if (parallel_tool_calls !== undefined)
      throw refuse("'parallel_tool_calls' is only allowed when 'tools' are specified.", "parallel_tool_calls");
    return;
  }
  const names = tools.map((tool) => (tool.function ?? tool.custom)!.name);
  for (const [i, { function: offered }] of tools.entries()) {
    if (offered !== undefined)
      checkParameters(offered.name, offered.parameters, offered.strict === true, `tools[${i}].function.parameters`);
  }
  if (typeof tool_choice !== "object" || tool_choice.type === "allowed_tools") return;
  const name = (tool_choice.function ?? tool_choice.custom)!.name;
  if (!names.includes(name)) throw refuse(`Tool choice '${name}' not found in 'tools' parameter.`, "tool_choice");
}

function checkMessages({ model, messages, tools }: ChatBody, kind: string, traits: ChatTraits): void {
  let open = new Set<string>();
  for (const [i, message] of messages.entries()) {
    if (message.role === "tool") {
      if (!open.delete(message.tool_call_id ?? ""))
        throw refuse(
          "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${i}].role`,
        );
      continue;
    }
    if (open.size > 0) throw unanswered(open, i);
    if (message.role === "assistant") open = checkAssistant(message, i, model, kind, traits, tools !== undefined);
    checkPictures(message, i);
  }
  if (open.size > 0) throw unanswered(open, messages.length);
}

/** @returns ids of its calls */
function checkAssistant(
  message: ChatMessage,
  i: number,
  model: string,
  kind: string,
  traits: ChatTraits,
  loops: boolean,
): Set<string> {
  checkDetails(message, model);
  const calls = message.tool_calls;
  if (calls === undefined) {
    if (message.content == null && message.refusal == null && message.audio == null)
      throw refuse("Invalid value for 'content': expected a string, got null.", `messages.[${i}].content`);
    return new Set();
  }
  if (traits.reasoningBack && loops && !bringsThought(message))
    throw refuse("The `reasoning_content` in the thinking mode must be passed back to the API.", `messages[${i}]`);
  if (kind !== "openai") {
    for (const call of calls)
      if (!isObjectText(call.function?.arguments)) throw refuse("arguments are no JSON", "messages");
  }
  const ids = new Set(calls.map(({ id }) => id));
  if (ids.size < calls.length) throw refuse("Duplicate ids of tool calls.", `messages.[${i}].tool_calls`);
  return ids;
}

/** That the field is there is enough: clients may not know what was in it. */
function bringsThought(message: ChatMessage): boolean {
  return (message.reasoning_content ?? message.reasoning ?? message.reasoning_details) !== undefined;
}

function checkPictures({ content }: ChatMessage, i: number): void {
  if (!Array.isArray(content)) return;
  for (const [j, part] of content.entries()) {
    if (part.image_url !== undefined) checkPictureUrl(part.image_url.url, `messages[${i}].content[${j}].image_url.url`);
  }
}

function unanswered(open: ReadonlySet<string>, i: number): Refusal {
  return refuse(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(", ")}`,
    `messages.[${i}].role`,
  );
}

function unsupportedValue(param: string, value: unknown): Refusal {
  const message = `Unsupported value: '${param}' does not support ${String(value)} with this model. Only the default value is supported.`;
  return new Refusal("invalid", message, param, "unsupported_value");
}

function refuse(message: string, param: string): Refusal {
  return new Refusal("invalid", message, param);
}

function isObjectText(text: string | undefined): boolean {
  try {
    const value: unknown = JSON.parse(text || "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
