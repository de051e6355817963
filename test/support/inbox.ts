// Messages and text in the order they came, for tests that wait for the next of them.
import type { Readable } from "node:stream";
import type { WebSocket } from "ws";

/** A WebSocket message: text, or bytes. */
export interface Message {
  readonly text?: string;
  readonly bytes?: readonly number[];
}

/** Keeps the messages of a WebSocket until somebody asks. */
export class Inbox {
  readonly #messages: Message[] = [];
  #wake: () => void = () => undefined;

  constructor(client: WebSocket) {
    client.on("message", (data: Buffer, binary) => {
      this.#messages.push(binary ? { bytes: [...data] } : { text: String(data) });
      this.#wake();
    });
  }

  /** How many have come that nobody has asked for. */
  get waiting(): number {
    return this.#messages.length;
  }

  async next(): Promise<Message> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift()!;
  }

  /** The next one, which is JSON. */
  async json(): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse((await this.next()).text!) as Record<string, unknown>;
  }
}

/** Reads text up to and with `mark`, or to the end; the stream goes on flowing. */
export function readUntil(stream: Readable, mark?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => {
      text += chunk;
      if (mark !== undefined && text.includes(mark)) resolve(text);
    });
    stream.once("end", () => resolve(text));
    stream.once("error", reject);
  });
}
