// `llm.models`: what the configuration says about single models.
import { EFFORTS } from "../../llm/message/request.ts";
import type { Infer } from "./field.ts";
import { mapOf, object, optional } from "./fields.ts";
import { orText } from "./map-or-list.ts";
import { bool, int, num, oneOf, str } from "./scalars.ts";
import { wordsOf } from "./words.ts";

const reasoning = object("How the model is told to reason; a plain text means `kind`", {
  kind: oneOf(
    "`effort` = by a word, `adaptive` and `budget` = Claude, `budget` and `level` = Gemini, `none` = it cannot be told",
    ["none", "effort", "adaptive", "budget", "level"],
    "none",
  ),
  efforts: wordsOf(
    "`effort`, `adaptive`, `level`: words it accepts, of `none` `minimal` `low` `medium` `high` `xhigh` `max`",
    EFFORTS,
    ["low", "medium", "high"],
  ),
  min: int("`budget`: minimum tokens", 1024),
  max: int("`budget`: maximum tokens", 32_768),
  off: bool("`budget`: 0 turns reasoning off", false),
});

const capabilities = object("What the model can do; missing keys are what is known of it", {
  images: optional(bool("reads images")),
  documents: optional(bool("reads documents such as PDF")),
  audio: optional(bool("reads audio")),
  tools: optional(bool("calls tools")),
  jsonSchema: optional(bool("answers by a JSON schema")),
  sampling: optional(bool("accepts `temperature`, `top_p` and `top_k`")),
  stop: optional(bool("accepts stop sequences")),
  toolMedia: optional(bool("Gemini: reads images and documents within results of tools")),
  reasoning: optional(orText(reasoning, "kind")),
  reasoningBack: optional(bool("needs its own reasoning back within a tool loop, as `reasoning_content`")),
});

const pricing = object("Prices in USD per million tokens", {
  inputPerMillion: num("of input"),
  outputPerMillion: num("of output"),
});

const model = object("One model", {
  provider: str("name of the provider that serves it; default the one of the author in the key", ""),
  upstreamName: str("its name at the provider; default the key, without the author if that is the provider's own", ""),
  contextIn: optional(int("maximum tokens of prompt and answer together", undefined, 1)),
  contextOut: optional(int("maximum tokens of the answer", undefined, 1)),
  capabilities: optional(capabilities),
  pricing: optional(pricing),
});

/** `llm.models`. */
export const llmModels = mapOf("name that rules and clients use → model", model);

/** One model as written. */
export type ModelSection = Infer<typeof model>;
/** What a model can do, as written. */
export type CapabilitySection = Infer<typeof capabilities>;
