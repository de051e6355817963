// `llm.providers`: where language models are, and how they are reached.
import type { FormatName } from "../../llm/format.ts";
import { PROVIDER_KINDS, type ProviderKind } from "../../llm/providers/kinds.ts";
import type { Infer } from "./field.ts";
import { mapOf, object, optional } from "./fields.ts";
import { bool, dur, oneOf, str, strings } from "./scalars.ts";
import { wordsOf } from "./words.ts";

/** Formats between which a provider may choose. */
const FORMATS = ["openai-chat", "openai-responses", "anthropic-messages", "gemini"] as const satisfies FormatName[];
const KINDS = Object.keys(PROVIDER_KINDS) as ProviderKind[];
/** Longest default wait, ms: models that reason are silent for minutes. */
export const LONG_WAIT_MS = 600_000;

const dialect = object(
  "Where the API of the provider differs from that of its kind; missing keys are those of the kind",
  {
    maxTokensField: optional(
      oneOf("field that limits the output in Chat Completions", ["max_tokens", "max_completion_tokens"]),
    ),
    developerRole: optional(bool("role `developer` is accepted; otherwise `system` is sent")),
    streamUsage: optional(bool("`stream_options.include_usage` is accepted")),
    reasoning: optional(
      oneOf("how reasoning is requested: field `reasoning_effort`, or the `reasoning` object of OpenRouter", [
        "reasoning_effort",
        "openrouter",
      ]),
    ),
    callIds: optional(
      oneOf("ids of tool calls it accepts: any, or `mistral` = nine letters and digits", ["openai", "mistral"]),
    ),
    genuine: optional(
      bool("it is the API of OpenAI, also at Azure: custom tools and `allowed_tools` are accepted, `top_k` is not"),
    ),
    remoteUrls: optional(
      bool("URLs of images and documents are accepted; otherwise requests with such URLs are refused"),
    ),
  },
);

const provider = object("One provider", {
  kind: oneOf("API it has", KINDS),
  baseUrl: optional(
    str(
      "URL below which its API is, such as `http://127.0.0.1:11434/v1`; default by kind, required for `openaiCompatible`",
    ),
  ),
  apiKeys: strings(
    "API keys of the operator, used in turn as long as they work; default: the variable `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY` or `OPENROUTER_API_KEY` of the environment, by kind",
  ),
  headers: mapOf("header → value to add to requests; API keys belong in `apiKeys`", str("value")),
  format: wordsOf(
    "API formats to use for chat, `openai-chat` or `openai-responses`: that of the client if it is listed, otherwise the first; default by kind",
    FORMATS,
    [],
  ),
  dialect,
  connectTimeout: dur("timeout for connecting", 5_000),
  firstByteTimeout: dur(
    "timeout for the response head after the request was sent; 0 = the rule's timeout",
    LONG_WAIT_MS,
  ),
  idleTimeout: dur("maximum silence within a response; 0 = no limit", LONG_WAIT_MS),
  ttftTimeout: dur(
    "time to the first token after which the next model is tried instead; 0 = never, because models that reason take long",
    0,
  ),
});

/** `llm.providers`. */
export const llmProviders = mapOf("name → provider; each is also a service `llm.<name>`", provider);

/** One provider as written. */
export type ProviderSection = Infer<typeof provider>;
