// Pictures: always the same white pixel.
import type { Route } from "../api.ts";
import { checkShape } from "../rules/openai-words.ts";
import { anything, bool, each, fields, text, whole } from "../rules/shape.ts";
import { readForm } from "./multipart.ts";

/** A PNG of one pixel, base64. */
export const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

const generation = fields(
  { prompt: text() },
  {
    ...each(anything, "model", "size", "quality", "style", "background", "moderation", "output_format", "user"),
    ...each(anything, "response_format", "output_compression"),
    n: whole(1, 10),
    stream: bool,
    partial_images: whole(0, 3),
  },
);
const usage = { input_tokens: 10, output_tokens: 100, total_tokens: 110 };

/** `/images`. */
export const imageRoutes: readonly Route[] = [
  [
    "POST",
    /\/images\/generations$/,
    (exchange) => {
      const json = exchange.json();
      checkShape(() => generation(json, []));
      if (json.stream !== true) return exchange.json200(picture());
      exchange.response.writeHead(200, { ...exchange.own, "Content-Type": "text/event-stream" });
      const partial = { type: "image_generation.partial_image", partial_image_index: 0, b64_json: PIXEL };
      for (const event of [partial, { type: "image_generation.completed", b64_json: PIXEL, usage }])
        exchange.response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      exchange.response.end();
    },
  ],
  ...(["edits", "variations"] as const).map(
    (name): Route => [
      "POST",
      new RegExp(`/images/${name}$`),
      (exchange) => {
        readForm(exchange, "image");
        exchange.json200(picture());
      },
    ],
  ),
];

function picture(): Readonly<Record<string, unknown>> {
  return { created: 1_764_547_200, data: [{ b64_json: PIXEL }], usage };
}
