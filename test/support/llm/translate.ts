// Answers of providers as clients of another API get them, in process and without sockets.
import { EventReader } from "../../../src/llm/bytes/event-reader.ts";
import type { ReplyIdentity, StreamReader, StreamWriter, WireFormat } from "../../../src/llm/format.ts";
import { LlmError } from "../../../src/llm/message/fault.ts";
import { identity } from "./common-form.ts";

const MOST_EVENT_BYTES = 16 * 1024 * 1024;

/** How the client of a translated answer sees it. */
export function seenAs(client: WireFormat, stream: boolean): ReplyIdentity {
  const id = client.client.replyId("Translated0000000000Test");
  const reasoning = { effort: null, budget: null, adaptive: false, visible: true, summary: "auto" };
  return identity({ model: "my-model", stream, reasoning }, { id });
}

/**
 * A stream of a provider as a client gets it.
 * @param chunks in which it arrives
 */
export function translateStream(provider: WireFormat, client: WireFormat, chunks: Iterable<Buffer>): string {
  const writer = client.client.streamWriter(seenAs(client, true));
  const steps: string[] = [];
  readStream(provider, writer, chunks, () => steps.push(writer.take()));
  steps.push(writer.take());
  return steps.join("");
}

/** Reads a stream into a sink as the gateway does. @param step called after each event */
function readStream(
  provider: WireFormat,
  sink: StreamWriter,
  chunks: Iterable<Buffer>,
  step: () => void = () => undefined,
): void {
  const guarded = new Guarded(provider.provider.streamReader(sink), sink);
  const reader = new EventReader(
    {
      event(name, data) {
        guarded.event(name, data);
        step();
      },
      comment: () => undefined,
      tooLarge: () => undefined,
    },
    MOST_EVENT_BYTES,
  );
  for (const chunk of chunks) reader.feed(chunk);
  reader.end();
  guarded.close();
}

/** Turns what a reader throws into the fault of the answer. */
class Guarded {
  readonly #reader: StreamReader;
  readonly #sink: StreamWriter;
  #failed = false;

  constructor(reader: StreamReader, sink: StreamWriter) {
    this.#reader = reader;
    this.#sink = sink;
  }

  event(name: string, data: string): void {
    this.#run(() => this.#reader.event(name, data));
  }

  close(): void {
    this.#run(() => this.#reader.close());
  }

  #run(act: () => void): void {
    if (this.#failed) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof LlmError)) throw error;
      this.#failed = true;
      this.#sink.fault(error.fault);
    }
  }
}

/** Bytes in two chunks. */
export function cutAt(bytes: Buffer, at: number): Buffer[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

/** Bytes one by one. */
export function* byteByByte(bytes: Buffer): Generator<Buffer> {
  for (let i = 0; i < bytes.length; i++) yield bytes.subarray(i, i + 1);
}
