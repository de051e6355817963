// `POST /moderations`: whatever speaks of harm is flagged.
import type { Route } from "../api.ts";
import { checkShape } from "../rules/openai-words.ts";
import { byType, fields, list, text } from "../rules/shape.ts";

const CATEGORIES = ["harassment", "hate", "illicit", "self-harm", "sexual", "violence"] as const;
const request = fields({ input: byType({ string: text(), array: list(() => undefined, 1) }) }, { model: text() });

/** Judges. */
export const moderationsRoute: Route = [
  "POST",
  /\/moderations$/,
  (exchange) => {
    const json = exchange.json();
    checkShape(() => request(json, []));
    const inputs = Array.isArray(json.input) ? json.input : [json.input];
    const results = inputs.map((input) => {
      const flagged = /\bharm\b/.test(JSON.stringify(input));
      const by = <T>(value: (name: string) => T) => Object.fromEntries(CATEGORIES.map((name) => [name, value(name)]));
      return {
        flagged,
        categories: by((name) => flagged && name === "violence"),
        category_scores: by((name) => (flagged && name === "violence" ? 0.9 : 0.01)),
        category_applied_input_types: by(() => ["text"]),
      };
    });
    exchange.json200({ id: `modr-${exchange.seed}`, model: json.model ?? "omni-moderation-latest", results });
  },
];
