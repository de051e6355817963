// Fields of a request for a chat completion, as strict as each kind of provider takes them.
import {
  anyObject,
  anything,
  bool,
  byType,
  each,
  fields,
  list,
  nullable,
  number,
  oneOf,
  pattern,
  type Shape,
  tagged,
  text,
  whole,
} from "../rules/shape.ts";

const NAME = pattern(/^[a-zA-Z0-9_-]{1,64}$/);
const breakpoint = { prompt_cache_breakpoint: fields({ mode: oneOf("explicit") }, { ttl: oneOf("30m", "12h") }) };

const textPart = fields({ type: text(), text: text() }, breakpoint);
const imagePart = fields(
  {
    type: text(),
    image_url: fields({ url: text() }, { detail: oneOf("auto", "low", "high", "original") }),
  },
  breakpoint,
);
const audioPart = fields(
  { type: text(), input_audio: fields({ data: text(), format: oneOf("wav", "mp3") }) },
  breakpoint,
);
const filePart = fields(
  { type: text(), file: fields({}, { file_id: text(), file_data: text(), filename: text() }) },
  breakpoint,
);
const texts = byType({ string: text(), array: list(tagged("type", { text: textPart }), 1) });
const userContent = byType({
  string: text(),
  array: list(tagged("type", { text: textPart, image_url: imagePart, input_audio: audioPart, file: filePart }), 1),
});
const refusalPart = fields({ type: text(), refusal: text() });
const assistantContent = nullable(
  byType({ string: text(), array: list(tagged("type", { text: textPart, refusal: refusalPart }), 1) }),
);
/** What the SDK adds to answers, and sends back in them. */
const PARSED = each(anything, "parsed", "parsed_arguments", "annotations");
const toolCall = tagged("type", {
  function: fields({ id: text(64), type: text(), function: fields({ name: NAME, arguments: text() }, PARSED) }),
  custom: fields({ id: text(64), type: text(), custom: fields({ name: NAME, input: text() }) }),
});

function message(openai: boolean): Shape {
  const told = fields({ role: text(), content: texts }, { name: text() });
  const thoughts = each(anything, "reasoning_content", "reasoning", "reasoning_details");
  const assistant = fields(
    { role: text() },
    {
      content: assistantContent,
      refusal: nullable(text()),
      name: text(),
      audio: nullable(anyObject),
      function_call: nullable(anyObject),
      tool_calls: list(toolCall, 1),
      ...PARSED,
      ...(openai ? {} : thoughts),
    },
  );
  const roles = {
    system: told,
    user: fields({ role: text(), content: userContent }, { name: text() }),
    assistant,
    tool: fields({ role: text(), content: texts, tool_call_id: text(64) }),
  };
  const function_ = fields({ role: text(), name: text(), content: nullable(text()) });
  return tagged("role", openai ? { developer: told, ...roles, function: function_ } : roles);
}

const format = tagged("type", {
  text: fields({ type: text() }),
  grammar: fields({ type: text(), grammar: fields({ definition: text(), syntax: oneOf("lark", "regex") }) }),
});
const tool = tagged("type", {
  function: fields({
    type: text(),
    function: fields({ name: NAME }, { description: text(), parameters: anyObject, strict: nullable(bool) }),
  }),
  custom: fields({ type: text(), custom: fields({ name: NAME }, { description: text(), format }) }),
});
const named = fields({ name: NAME });
const toolChoice = byType({
  string: oneOf("none", "auto", "required"),
  object: tagged("type", {
    function: fields({ type: text(), function: named }),
    custom: fields({ type: text(), custom: named }),
    allowed_tools: fields({
      type: text(),
      allowed_tools: fields({ mode: oneOf("auto", "required"), tools: list(anyObject, 1) }),
    }),
  }),
});
const responseFormat = tagged("type", {
  text: fields({ type: text() }),
  json_object: fields({ type: text() }),
  json_schema: fields({
    type: text(),
    json_schema: fields({ name: NAME, schema: anyObject }, { description: text(), strict: nullable(bool) }),
  }),
});

const COMMON = {
  max_tokens: nullable(whole(1)),
  max_completion_tokens: nullable(whole(1)),
  stop: nullable(byType({ string: text(), array: list(text(), 1, 4) })),
  temperature: nullable(number(0, 2)),
  top_p: nullable(number(0, 1)),
  n: nullable(whole(1, 128)),
  seed: nullable(whole()),
  frequency_penalty: nullable(number(-2, 2)),
  presence_penalty: nullable(number(-2, 2)),
  logit_bias: nullable(anyObject),
  logprobs: nullable(bool),
  top_logprobs: nullable(whole(0, 20)),
  response_format: responseFormat,
  tools: list(tool, 1),
  tool_choice: toolChoice,
  parallel_tool_calls: bool,
  reasoning_effort: nullable(oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max")),
  verbosity: nullable(oneOf("low", "medium", "high")),
  stream: nullable(bool),
  stream_options: nullable(fields({}, { include_usage: bool, include_obfuscation: bool })),
  user: text(),
  metadata: nullable(anyObject),
  store: nullable(bool),
  service_tier: nullable(text()),
  prompt_cache_key: text(),
  safety_identifier: text(64),
};
const OPENAI_ONLY = {
  ...each(anything, "functions", "function_call", "audio", "prediction", "web_search_options", "moderation"),
  modalities: nullable(list(oneOf("text", "audio"))),
  prompt_cache_options: anyObject,
  prompt_cache_retention: nullable(oneOf("in_memory", "24h")),
};
const OPENROUTER_ONLY = {
  ...each(anything, "models", "provider", "plugins", "session_id", "route", "transforms", "usage"),
  reasoning: fields({}, { effort: text(), max_tokens: whole(1), exclude: bool, enabled: bool, summary: text() }),
};
const SERVER_FIELDS = each(number(), "top_k", "min_p", "top_a", "repetition_penalty");

/** The whole request, by kind of provider. */
export const CHAT_REQUESTS: Readonly<Record<string, Shape>> = {
  openai: fields({ model: text(), messages: list(message(true), 1) }, { ...COMMON, ...OPENAI_ONLY }),
  openrouter: fields(
    { model: text(), messages: list(message(false), 1) },
    { ...COMMON, ...OPENROUTER_ONLY, ...SERVER_FIELDS },
  ),
  openaiCompatible: fields({ model: text(), messages: list(message(false), 1) }, { ...COMMON, ...SERVER_FIELDS }),
};
