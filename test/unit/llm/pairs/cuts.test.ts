// Streams that arrive in pieces, and streams that end too early, between every pair of APIs.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EventReader } from "../../../../src/llm/bytes/event-reader.ts";
import type { WireFormat } from "../../../../src/llm/format.ts";
import { streamSays } from "../../../support/llm/answer-meaning.ts";
import { CLIENTS } from "../../../support/llm/formats.ts";
import { ODDITIES } from "../../../support/llm/oddities.ts";
import { PLAYERS, SCENES, SHORT } from "../../../support/llm/scenes.ts";
import { byteByByte, cutAt, translateStream } from "../../../support/llm/translate.ts";

const STREAMS = [
  ...PLAYERS.map((player) => ({ name: player.name, format: player.format, bytes: Buffer.from(player.stream(SHORT)) })),
  ...ODDITIES.map(({ name, format, stream }) => ({
    name: `${format.name}: ${name}`,
    format,
    bytes: Buffer.from(stream),
  })),
];

/** Events of a stream, without what depends on how it is cut. */
function eventsOf(chunks: readonly Buffer[]): string {
  const events: string[] = [];
  const reader = new EventReader(
    {
      event: (name, data, raw) => void events.push(`${name}\n${data}\n${raw.toString("latin1")}`),
      comment: () => undefined,
      tooLarge: () => assert.fail("too large"),
    },
    1 << 24,
  );
  for (const chunk of chunks) reader.feed(chunk);
  reader.end();
  return events.join("");
}

test("a stream has the same events wherever it is cut", () => {
  for (const player of PLAYERS) {
    const bytes = Buffer.from(player.stream(SHORT));
    const whole = eventsOf([bytes]);
    for (let at = 1; at < bytes.length; at++)
      assert.equal(eventsOf(cutAt(bytes, at)), whole, `${player.name}, at ${at}`);
  }
});

/** What a client gets, without ids of calls that are random where the provider gave none, and what is sealed with them. */
function written(provider: WireFormat, client: WireFormat, chunks: Iterable<Buffer>): string {
  const ids = /call_[0-9a-f]{32}|(?<="encrypted_content":")Z2F0ZXdheS1zaWc6[^"]*/g;
  return translateStream(provider, client, chunks).replaceAll(ids, "");
}

for (const client of CLIENTS) {
  test(`every stream that arrives byte by byte is the same to clients of ${client.name}`, () => {
    for (const { name, format, bytes } of STREAMS)
      assert.equal(written(format, client, byteByByte(bytes)), written(format, client, [bytes]), name);
  });
  for (const player of PLAYERS) {
    test(`${player.name} cut in two is the same to clients of ${client.name}`, () => {
      const bytes = Buffer.from(player.stream(SHORT));
      const whole = written(player.format, client, [bytes]);
      // The reader of events is tried at every byte above; here every event is cut.
      for (let at = 1; at < bytes.length; at += 7)
        assert.equal(written(player.format, client, cutAt(bytes, at)), whole, `at ${at}`);
    });
  }
}

describe("a stream that ends before its last event ends with an error, and never as if it were complete", () => {
  for (const client of CLIENTS) {
    for (const player of PLAYERS) {
      test(`${player.name} to clients of ${client.name}`, () => {
        for (const scene of SCENES.filter((one) => player.can(one))) {
          const bytes = Buffer.from(player.stream(scene));
          const ends = endsOf(bytes);
          const complete = ends.findIndex((end) => isWhole(player.name, bytes.subarray(0, end)));
          for (const [i, end] of ends.entries()) {
            if (i >= complete) break;
            // At the end of an event, and within the next.
            for (const at of [end, end + 10]) check(player, client, bytes.subarray(0, at), `${scene.name}, at ${at}`);
          }
        }
      });
    }
  }
});

function check(player: (typeof PLAYERS)[number], client: (typeof CLIENTS)[number], bytes: Buffer, what: string): void {
  const stream = translateStream(player.format, client, [bytes]);
  assert.equal(streamSays(client.name, stream).finish, "error", what);
}

/** Where events end. */
function endsOf(bytes: Buffer): number[] {
  const ends: number[] = [0];
  for (const match of bytes.toString("latin1").matchAll(/\r\n\r\n|\n\n/g)) ends.push(match.index + match[0].length);
  return ends;
}

/** What shows that an answer is complete: for Chat Completions and Gemini that is the finish reason. */
const LAST: Readonly<Record<string, RegExp>> = {
  responses: /event: response\.(completed|incomplete)/,
  anthropic: /event: message_stop/,
  gemini: /"finishReason"/,
};

function isWhole(player: string, bytes: Buffer): boolean {
  return (LAST[player] ?? /"finish_reason":"/).test(bytes.toString("latin1"));
}
