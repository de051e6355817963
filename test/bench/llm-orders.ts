// What the benchmark of language models asks for, and what it is answered.

/**
 * A stream of at least this many tokens lasts as many seconds as are asked for beyond them. Streams without end would go on
 * behind a gateway that does not abort them when their client has gone.
 */
export const LASTING = 1000;

/** What every complete answer says. */
export const ANSWER =
  "The gateway reads what the client says, decides which model is to answer, and passes on what the model says. ".repeat(
    5,
  );

/** One load of the generator `llm`. */
export interface LlmOrders {
  /** The model: `plain` has the API of the client, `translated` another. */
  readonly model: "plain" | "translated";
  /**
   * `complete`: each connection asks again when it is answered. `tokens`: each has one stream that lasts. `first`: those,
   * and one more connection that measures how long the first token of a short stream takes. `large`: one request of `bytes`.
   */
  readonly kind: "complete" | "tokens" | "first" | "large";
}

const TEXT = "Explain in a few sentences how a gateway for language models fails over from one to the next. ";
const IMAGES = 4;

/**
 * A request of Chat Completions.
 * @param tokens of a stream; 0: no stream @param bytes of its body, about; beyond 100 000 most of them are images
 * @param fields further ones, each with its line end
 */
export function requestOf(model: string, tokens: number, bytes: number, fields: string): Buffer {
  const body = Buffer.from(
    JSON.stringify({
      ...{ model, max_tokens: tokens === 0 ? 500 : tokens, temperature: 0.5 },
      ...(tokens === 0 ? {} : { stream: true }),
      messages: [
        { role: "system", content: "Answer briefly." },
        { role: "user", content: bytes > 100_000 ? withImages(bytes / IMAGES) : TEXT.repeat(bytes / TEXT.length) },
      ],
    }),
  );
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n${fields}`;
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]);
}

function withImages(bytes: number): unknown[] {
  const image = (n: number) => `data:image/png;base64,${Buffer.alloc(0.75 * bytes, `image ${n}`).toString("base64")}`;
  const images = Array.from({ length: IMAGES }, (_, n) => ({ type: "image_url", image_url: { url: image(n) } }));
  return [{ type: "text", text: TEXT }, ...images];
}
