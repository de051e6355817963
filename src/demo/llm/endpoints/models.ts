// `GET /models` as OpenAI and servers compatible with it write it.
import type { Route } from "../api.ts";
import { chatTraits, LISTED } from "../chat/models.ts";
import { Refusal } from "../rules/refusal.ts";

/** @param kind of provider */
export function modelRoutes(kind: string): readonly Route[] {
  return [
    [
      "GET",
      /\/models$/,
      (exchange) => exchange.json200({ object: "list", data: LISTED[kind]!.map((id) => row(kind, id)) }),
    ],
    [
      "GET",
      /\/models\/(.+)$/,
      (exchange, [, id = ""]) => {
        const name = decodeURIComponent(id);
        if (!LISTED[kind]!.includes(name)) throw new Refusal("notFound", `The model '${name}' does not exist`);
        exchange.json200(row(kind, name));
      },
    ],
  ];
}

function row(kind: string, id: string): Readonly<Record<string, unknown>> {
  const { context = 0, efforts = [] } = chatTraits(kind, id) ?? {};
  const base = { id, object: "model", created: 1_764_547_200, owned_by: kind === "openai" ? "system" : "mock" };
  if (kind === "openai") return base;
  if (kind === "openaiCompatible") return { ...base, max_model_len: context };
  return {
    id,
    name: id,
    created: base.created,
    context_length: context,
    architecture: { modality: "text->text", input_modalities: ["text", "image"], output_modalities: ["text"] },
    pricing: { prompt: "0.000001", completion: "0.000004", input_cache_read: "0.0000001", request: "0", image: "0" },
    top_provider: { context_length: context, max_completion_tokens: 32_768, is_moderated: false },
    supported_parameters: [
      "max_tokens",
      "temperature",
      "tools",
      "tool_choice",
      "response_format",
      "structured_outputs",
    ],
    reasoning: { mandatory: false, supported_efforts: efforts, supports_max_tokens: true },
  };
}
