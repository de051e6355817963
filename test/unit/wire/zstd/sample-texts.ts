// What the samples decompress to, and how they were made: each by `zstd` 1.5.4 with the arguments given.
import { Random } from "../../../support/hostile.ts";

/** A sample, by the name of its file. */
export interface Sample {
  readonly name: string;
  /** One list per frame. */
  readonly frames: readonly { readonly arguments: readonly string[]; readonly text: () => Buffer }[];
}

const WORDS = ["the", "model", "answers", "with", "tools", "and", "streams", "every", "event", "to", "its", "client"];

/** Prose with structure, as prompts have it. */
function prose(seed: number, size: number): Buffer {
  const random = new Random(seed);
  let text = "";
  while (text.length < size) {
    const content = Array.from({ length: 3 + random.int(9) }, () => random.pick(WORDS)).join(" ");
    text += `{"role":"${random.once(2) ? "user" : "assistant"}","id":${random.int(100_000)},"content":"${content}"},\n`;
  }
  return Buffer.from(text.slice(0, size));
}

/** Bytes in which each of `values` values is as likely as the others. */
function noise(seed: number, size: number, values: number): Buffer {
  const random = new Random(seed);
  return Buffer.from(Array.from({ length: size }, () => random.int(values)));
}

/** The same twice, further apart than what is between them. */
function repeated(seed: number): Buffer {
  const one = noise(seed, 3000, 256);
  return Buffer.concat([one, prose(seed, 200_000), one]);
}

const one = (name: string, args: string, text: () => Buffer): Sample => ({
  name,
  frames: [{ arguments: args.split(" "), text }],
});

/** All samples. */
export const SAMPLES: readonly Sample[] = [
  one("prose-1", "-1 --no-check", () => prose(1, 150_000)),
  one("prose-3", "-3", () => prose(2, 300_000)),
  one("prose-3-sized", "-3 --stream-size=60000", () => prose(3, 60_000)),
  one("prose-19", "-19", () => prose(4, 300_000)),
  one("prose-small", "-3 --stream-size=200", () => prose(5, 200)),
  one("repeated", "-9 --long=27", () => repeated(6)),
  one("zeros", "-3", () => Buffer.alloc(700_000)),
  one("noise", "-3", () => noise(7, 2000, 256)),
  one("few-values", "-3", () => noise(8, 12_000, 5)),
  one("empty", "-3", () => Buffer.alloc(0)),
  {
    name: "frames",
    frames: [
      { arguments: ["-3"], text: () => prose(9, 20_000) },
      { arguments: ["-3"], text: () => Buffer.alloc(0) },
      { arguments: ["-19", "--no-check"], text: () => prose(9, 20_000) },
    ],
  },
];
