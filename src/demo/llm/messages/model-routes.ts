// `GET /v1/models` as Anthropic writes it.
import type { Route } from "../api.ts";
import { Refusal } from "../rules/refusal.ts";
import { CLAUDES, claudeTraits } from "./models.ts";

/** Lists the models, and shows one. */
export const claudeModelRoutes: readonly Route[] = [
  [
    "GET",
    /^\/v1\/models$/,
    (exchange) => {
      const data = CLAUDES.map(row);
      exchange.json200({ data, has_more: false, first_id: CLAUDES[0], last_id: CLAUDES.at(-1) });
    },
  ],
  [
    "GET",
    /^\/v1\/models\/([^/]+)$/,
    (exchange, [, id = ""]) => {
      if (claudeTraits(id) === null) throw new Refusal("notFound", `model: ${id}`);
      exchange.json200(row(id));
    },
  ],
];

function row(id: string): Readonly<Record<string, unknown>> {
  const { context, output, thinking, efforts, schemas } = claudeTraits(id)!;
  const supported = (yes: boolean) => ({ supported: yes });
  return {
    type: "model",
    id,
    display_name: id.replaceAll("-", " "),
    created_at: "2026-02-01T00:00:00Z",
    max_input_tokens: context,
    max_tokens: output,
    capabilities: {
      batch: supported(true),
      citations: supported(true),
      image_input: supported(true),
      pdf_input: supported(true),
      structured_outputs: supported(schemas),
      thinking: {
        supported: thinking.length > 0,
        types: {
          adaptive: supported(thinking.includes("adaptive")),
          enabled: supported(thinking.includes("enabled")),
          disabled: supported(true),
        },
      },
      effort: {
        supported: efforts.length > 0,
        ...Object.fromEntries(
          ["low", "medium", "high", "xhigh", "max"].map((e) => [e, supported(efforts.includes(e))]),
        ),
      },
    },
  };
}
