// A toy strategy: reads a JSON request, asks a first service for it in one form, and a second one in another form when that is
// too busy. What a strategy for language models does, without the models.
import type { Receiver, RequestBody } from "../../src/core/edges.ts";
import type { Service } from "../../src/core/service.ts";
import type { Strategy, Target } from "../../src/core/strategy.ts";
import type { Translation } from "../../src/core/translation.ts";
import { readWhole, WholeBody } from "../../src/wire/whole-body.ts";

/** Largest request, bytes. */
const MAX_BODY = 64 * 1024;

/** @param cheap is asked first @param dear is asked when the first answers 429 or 503, or cannot be reached */
export function twoModels(cheap: Service, dear: Service): Strategy {
  return {
    async plan(ctx) {
      const bytes = await readWhole(ctx, MAX_BODY);
      if ("code" in bytes) return bytes;
      const prompt = promptOf(bytes);
      if (prompt === null) return { code: "bad_request", message: 'The body must be JSON with a text "prompt".' };
      const second = modelTarget(dear, { model: "large", messages: [{ role: "user", content: prompt }] }, null);
      return modelTarget(cheap, { model: "small", prompt }, second);
    },
  };
}

function modelTarget(service: Service, request: unknown, second: Target | null): Target {
  return {
    service,
    translator: { begin: () => new ModelCall(JSON.stringify(request)) },
    repeatable: true, // it only asks: to ask twice does no harm
    isLast: second === null,
    next: (code, status) => (code !== null || status === 429 || status === 503 ? second : null),
  };
}

/** The request in the words of one service; one object for all attempts on it. */
class ModelCall implements Translation {
  readonly method = "POST";
  readonly target = "/v1/answer";
  readonly fields = ["content-type", "application/json"];
  readonly streams = false;
  readonly #body: WholeBody;

  constructor(text: string) {
    this.#body = new WholeBody(Buffer.from(text));
  }

  /** The reply passes as it comes; a translator of replies would wrap the receiver here. */
  attempt(_body: RequestBody, receiver: Receiver): { readonly body: RequestBody; readonly receiver: Receiver } {
    return { body: this.#body, receiver };
  }
}

function promptOf(bytes: Buffer): string | null {
  try {
    const { prompt } = JSON.parse(bytes.toString()) as { readonly prompt?: unknown };
    return typeof prompt === "string" ? prompt : null;
  } catch {
    return null;
  }
}
