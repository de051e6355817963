// Fields of a request for a message.
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

const ID = pattern(/^[a-zA-Z0-9_-]+$/);
const NAME = pattern(/^[a-zA-Z0-9_-]{1,128}$/);

const cache = { cache_control: nullable(fields({ type: oneOf("ephemeral") }, { ttl: oneOf("5m", "1h") })) };
const textBlock = fields({ type: text(), text: text() }, { ...cache, citations: anything });
const remote = {
  url: fields({ type: text(), url: pattern(/^https?:\/\//) }),
  file: fields({ type: text(), file_id: text() }),
};
const base64 = (...types: readonly string[]) => fields({ type: text(), media_type: oneOf(...types), data: text() });
const imageBlock = fields(
  {
    type: text(),
    source: tagged("type", {
      ...remote,
      base64: base64("image/jpeg", "image/png", "image/gif", "image/webp"),
    }),
  },
  { ...cache, transformations: anything },
);
const documentBlock = fields(
  {
    type: text(),
    source: tagged("type", {
      ...remote,
      base64: base64("application/pdf"),
      text: fields({ type: text(), media_type: oneOf("text/plain"), data: text() }),
      content: fields({ type: text(), content: anything }),
    }),
  },
  { ...cache, title: nullable(text()), context: nullable(text()), citations: anything },
);
const searchResult = fields(
  { type: text(), source: text(), title: text(), content: list(textBlock) },
  { ...cache, citations: anything },
);
const resultBlocks = list(
  tagged("type", {
    text: textBlock,
    image: imageBlock,
    document: documentBlock,
    search_result: searchResult,
    tool_reference: fields({ type: text(), tool_name: text() }, cache),
  }),
);
const userBlocks = {
  text: textBlock,
  image: imageBlock,
  document: documentBlock,
  search_result: searchResult,
  tool_result: fields(
    { type: text(), tool_use_id: ID },
    { ...cache, content: byType({ string: text(), array: resultBlocks }), is_error: bool },
  ),
};
const assistantBlocks = {
  text: textBlock,
  tool_use: fields({ type: text(), id: ID, name: NAME, input: anyObject }, { ...cache, caller: anything }),
  thinking: fields({ type: text(), thinking: text(), signature: text() }),
  redacted_thinking: fields({ type: text(), data: text() }),
  server_tool_use: anyObject,
  web_search_tool_result: anyObject,
};
const content = (blocks: Readonly<Record<string, Shape>>) =>
  byType({ string: text(), array: list(tagged("type", blocks)) });
const message = tagged("role", {
  user: fields({ role: text(), content: content(userBlocks) }),
  assistant: fields({ role: text(), content: content(assistantBlocks) }),
  system: fields({ role: text(), content: content({ text: textBlock }) }),
});

const ownTool = fields(
  { name: NAME, input_schema: fields({ type: oneOf("object") }, {}) },
  {
    ...cache,
    ...each(anything, "input_examples", "allowed_callers", "defer_loading", "eager_input_streaming"),
    type: nullable(oneOf("custom")),
    description: text(),
    strict: nullable(bool),
  },
);
const SERVER_TOOL = /^(web_search|web_fetch|code_execution|memory|bash|text_editor|tool_search_tool|computer)_\w+$/;

/** Schemas are open, all else in a tool is known; tools of the server have no schema. */
const tool: Shape = (value, at) => {
  const { type, input_schema, ...rest } = value as Readonly<Record<string, unknown>>;
  if (typeof type === "string" && SERVER_TOOL.test(type)) return;
  const schema =
    typeof input_schema === "object" && input_schema !== null
      ? { type: (input_schema as Readonly<Record<string, unknown>>).type }
      : input_schema;
  ownTool({ ...(type === undefined ? {} : { type }), ...rest, input_schema: schema }, at);
};

const serial = { disable_parallel_tool_use: bool };
const display = { display: nullable(oneOf("summarized", "omitted")) };

const COMMON = {
  system: byType({ string: text(), array: list(textBlock) }),
  tools: list(tool),
  tool_choice: tagged("type", {
    auto: fields({ type: text() }, serial),
    any: fields({ type: text() }, serial),
    tool: fields({ type: text(), name: NAME }, serial),
    none: fields({ type: text() }),
  }),
  thinking: tagged("type", {
    enabled: fields({ type: text(), budget_tokens: whole(1024) }, display),
    adaptive: fields({ type: text() }, display),
    between_tools: fields({ type: text() }, display),
    disabled: fields({ type: text() }),
  }),
  output_config: fields(
    {},
    {
      effort: nullable(oneOf("low", "medium", "high", "xhigh", "max")),
      format: nullable(fields({ type: oneOf("json_schema"), schema: anyObject })),
    },
  ),
  ...cache,
};

/** `POST /v1/messages`. */
export const messageRequest = fields(
  { model: text(), messages: list(message, 1), max_tokens: whole(0) },
  {
    ...COMMON,
    stop_sequences: list(pattern(/\S/)),
    temperature: number(0, 1),
    top_p: number(0, 1),
    top_k: whole(0),
    metadata: fields({}, { user_id: nullable(text(256)) }),
    service_tier: oneOf("auto", "standard_only"),
    stream: bool,
    speed: oneOf("standard", "fast"),
    inference_geo: text(),
    ...each(anything, "container", "diagnostics"),
  },
);

/** `POST /v1/messages/count_tokens`. */
export const countRequest = fields({ model: text(), messages: list(message, 1) }, COMMON);

/** Fields that only a beta, named in `anthropic-beta`, makes known. */
export const BETA_FIELDS: Readonly<Record<string, RegExp>> = {
  context_management: /context-management|compact/,
  mcp_servers: /mcp-client/,
  fallbacks: /fallback/,
};
