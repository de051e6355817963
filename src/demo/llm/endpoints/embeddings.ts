// `POST /embeddings`: vectors that are equal for equal texts.

import { tokensOf } from "../answer/tokens.ts";
import type { Route } from "../api.ts";
import { splitModel } from "../commands.ts";
import { checkShape } from "../rules/openai-words.ts";
import { Refusal } from "../rules/refusal.ts";
import { byType, fields, list, oneOf, text, whole } from "../rules/shape.ts";

const request = fields(
  { model: text(), input: byType({ string: text(), array: list(() => undefined, 1, 2048) }) },
  { encoding_format: oneOf("float", "base64"), dimensions: whole(1, 3072), user: text() },
);

/** Embeds. */
export const embeddingsRoute: Route = [
  "POST",
  /\/embeddings$/,
  (exchange) => {
    const json = exchange.json();
    checkShape(() => request(json, []));
    const { name: model } = splitModel(String(json.model));
    if (!/embed/.test(model)) throw new Refusal("notFound", "", null, "model_not_found");
    const inputs = inputsOf(json.input);
    const dimensions = typeof json.dimensions === "number" ? json.dimensions : 8;
    const data = inputs.map((input, index) => {
      const vector = vectorOf(input, dimensions);
      return { object: "embedding", index, embedding: json.encoding_format === "base64" ? packed(vector) : vector };
    });
    const tokens = inputs.reduce((sum, input) => sum + tokensOf(input), 0);
    exchange.json200({ object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
  },
];

/** A text, tokens, or a list of either. */
function inputsOf(input: unknown): string[] {
  if (!Array.isArray(input)) return [String(input)];
  return typeof input[0] === "number" ? [input.join(" ")] : input.map((one) => [one].flat().join(" "));
}

/** A vector of length 1. */
export function vectorOf(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (let i = 0; i < text.length; i++) vector[(text.charCodeAt(i) + i) % dimensions]! += 1;
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => Math.fround(value / length));
}

function packed(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}
