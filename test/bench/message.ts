// The gRPC message of the benchmark, about 1 KB: its protobuf bytes, written by hand, and what they are in JSON.

const NAME = "a message of the benchmark";
const NUMBER = 4711;
const TAGS = ["one", "two", "three", "four", "five"];
const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(21);

/** In JSON, as a client writes it. */
export const JSON_MESSAGE = JSON.stringify({ name: NAME, number: NUMBER, tags: TAGS, text: TEXT });

/** In protobuf. */
export const MESSAGE = Buffer.concat([
  text(1, NAME),
  Buffer.from([2 << 3, ...varint(NUMBER)]),
  ...TAGS.map((tag) => text(3, tag)),
  text(4, TEXT),
]);

/** `:path` of the method. */
export const METHOD_PATH = "/bench.v1.Echo/Say";
/** Path of its HTTP rule. */
export const JSON_PATH = "/v1/say";

function text(field: number, value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}
