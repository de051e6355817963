// Fields of a request for a response.
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
const breakpoint = { prompt_cache_breakpoint: anything };
const status = { status: nullable(oneOf("in_progress", "completed", "incomplete")) };
const itemId = (prefix: string) => ({ id: nullable(pattern(new RegExp(`^${prefix}`))) });

const inputText = fields({ type: text(), text: text() }, breakpoint);
const inputImage = fields(
  { type: text() },
  {
    image_url: nullable(text()),
    file_id: nullable(text()),
    detail: oneOf("auto", "low", "high", "original"),
    ...breakpoint,
  },
);
const inputFile = fields(
  { type: text() },
  { file_data: text(), file_id: nullable(text()), file_url: text(), filename: text(), detail: text(), ...breakpoint },
);
const inputParts = list(
  tagged("type", { input_text: inputText, input_image: inputImage, input_file: inputFile, input_audio: anyObject }),
);
const outputParts = list(
  tagged("type", {
    output_text: fields({ type: text(), text: text() }, { annotations: list(anything), logprobs: anything }),
    refusal: fields({ type: text(), refusal: text() }),
  }),
);
const told = { type: text(), ...itemId("msg_"), ...status, phase: nullable(oneOf("commentary", "final_answer")) };
const asked = fields({ role: text(), content: byType({ string: text(), array: inputParts }) }, told);
const message = tagged("role", {
  user: asked,
  system: asked,
  developer: asked,
  assistant: fields({ role: text(), content: byType({ string: text(), array: outputParts }) }, told),
});
const callFields = { ...status, ...each(anything, "namespace", "caller", "async") };
const result = byType({ string: text(), array: inputParts });
const item = tagged(
  "type",
  {
    message,
    function_call: fields(
      { type: text(), call_id: text(64), name: NAME, arguments: text() },
      { ...itemId("fc_"), ...callFields },
    ),
    function_call_output: fields(
      { type: text(), call_id: text(64), output: result },
      { ...itemId("fc"), ...callFields },
    ),
    custom_tool_call: fields(
      { type: text(), call_id: text(64), name: NAME, input: text() },
      { ...itemId("ctc_"), ...callFields },
    ),
    custom_tool_call_output: fields(
      { type: text(), call_id: text(64), output: result },
      { ...itemId("ctc"), ...callFields },
    ),
    reasoning: fields(
      { type: text(), id: pattern(/^rs_/), summary: list(fields({ type: oneOf("summary_text"), text: text() })) },
      {
        content: nullable(list(fields({ type: oneOf("reasoning_text"), text: text() }))),
        encrypted_content: nullable(text()),
        ...status,
      },
    ),
    item_reference: fields({ type: text(), id: text() }),
    compaction: anyObject,
  },
  "message",
);

const format = tagged("type", {
  text: fields({ type: text() }),
  grammar: fields({ type: text(), definition: text(), syntax: oneOf("lark", "regex") }),
});
const functionTool = fields(
  { type: text(), name: NAME },
  {
    description: nullable(text()),
    parameters: nullable(anyObject),
    strict: nullable(bool),
    ...each(anything, "async", "defer_loading", "allowed_callers", "output_schema"),
  },
);
const customTool = fields({ type: text(), name: NAME }, { description: text(), format, defer_loading: bool });
const hosted = Object.fromEntries(
  [
    ...["web_search", "web_search_2025_08_26", "web_search_preview", "file_search", "computer", "computer_use_preview"],
    ...["mcp", "code_interpreter", "image_generation", "local_shell", "shell", "apply_patch", "tool_search"],
  ].map((name): [string, Shape] => [name, anyObject]),
);
const tool = tagged("type", {
  function: functionTool,
  custom: customTool,
  namespace: fields(
    { type: text(), name: NAME, tools: list(tagged("type", { function: functionTool, custom: customTool }), 1) },
    { description: text() },
  ),
  ...hosted,
});
const toolChoice = byType({
  string: oneOf("none", "auto", "required"),
  object: tagged("type", {
    function: fields({ type: text(), name: NAME }),
    custom: fields({ type: text(), name: NAME }),
    allowed_tools: fields({ type: text(), mode: oneOf("auto", "required"), tools: list(anyObject, 1) }),
    ...hosted,
  }),
});
const output = tagged("type", {
  text: fields({ type: text() }),
  json_object: fields({ type: text() }),
  json_schema: fields(
    { type: text(), name: NAME, schema: anyObject },
    { description: nullable(text()), strict: nullable(bool) },
  ),
});

const COMMON = {
  input: byType({ string: text(), array: list(item) }),
  instructions: nullable(text()),
  tools: list(tool),
  tool_choice: toolChoice,
  parallel_tool_calls: nullable(bool),
  reasoning: nullable(
    fields(
      {},
      {
        effort: nullable(oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max")),
        summary: nullable(oneOf("auto", "concise", "detailed")),
        ...each(anything, "generate_summary", "context", "mode"),
      },
    ),
  ),
  text: fields({}, { format: output, verbosity: nullable(oneOf("low", "medium", "high")) }),
  previous_response_id: nullable(text()),
  truncation: nullable(oneOf("auto", "disabled")),
  ...each(anything, "conversation", "prompt"),
};

/** `POST /v1/responses`. */
export const responseRequest = fields(
  { model: text() },
  {
    ...COMMON,
    max_output_tokens: nullable(whole(16)),
    max_tool_calls: nullable(whole(1)),
    temperature: nullable(number(0, 2)),
    top_p: nullable(number(0, 1)),
    top_logprobs: nullable(whole(0, 20)),
    include: nullable(list(text())),
    ...each(nullable(bool), "store", "stream", "background"),
    stream_options: nullable(fields({}, { include_obfuscation: bool })),
    metadata: nullable(anyObject),
    service_tier: nullable(oneOf("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")),
    ...each(text(), "prompt_cache_key", "safety_identifier", "user"),
    ...each(anything, "moderation", "context_management", "background_options", "access_programs", "image"),
    ...each(anything, "prompt_cache_options", "prompt_cache_retention"),
  },
);

/** `POST /v1/responses/input_tokens`. */
export const countRequest = fields({ model: text() }, COMMON);
