// Zstandard: what the reference compressor makes comes out as it was, and nothing hostile costs more than its bounds.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { ZstdError } from "../../../../src/wire/zstd/fse.ts";
import { unzstd } from "../../../../src/wire/zstd/unzstd.ts";
import { Random } from "../../../support/hostile.ts";
import { SAMPLES } from "./sample-texts.ts";

const random = Random.fresh();
console.log(`seed ${random.seed}; repeat with GATEWAY_TEST_SEED=${random.seed}`);

const MANY = 1_000_000;
const packed = (name: string) => readFileSync(`test/unit/wire/zstd/samples/${name}.zst`);
const malformed = (data: Buffer, about?: string) => assert.rejects(unzstd(data, MANY), ZstdError, about);

const MAGIC = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);
/** No checksum, no size, a window of 1 KiB. */
const HEAD = Buffer.concat([MAGIC, Buffer.of(0, 0)]);
const RAW = 0;
const REPEATED = 1;
const COMPRESSED = 2;

function block(type: number, size: number, content: Buffer, last = false): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE((last ? 1 : 0) + type * 2 + size * 8, 0, 3);
  return Buffer.concat([head, content]);
}

const compressed = (...bytes: number[]) =>
  Buffer.concat([HEAD, block(COMPRESSED, bytes.length, Buffer.from(bytes), true)]);

describe("what was compressed", () => {
  for (const { name, frames } of SAMPLES) {
    test(`comes out as it was: ${name}`, async () => {
      const text = Buffer.concat(frames.map((frame) => frame.text()));
      const result = await unzstd(packed(name), text.length);
      assert.ok(result?.equals(text));
      if (text.length > 0) assert.equal(await unzstd(packed(name), text.length - 1), null);
    });
  }

  test("comes out from between frames that are to be skipped", async () => {
    const skipped = Buffer.concat([Buffer.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0), Buffer.from("abc")]);
    const result = await unzstd(Buffer.concat([skipped, packed("noise"), skipped, packed("noise"), skipped]), MANY);
    assert.equal(result?.length, 4000);
    await malformed(skipped.subarray(0, 10));
  });

  test("is decompressed in turns with other work", async () => {
    let turns = 0;
    let timer = setImmediate(function again() {
      turns++;
      timer = setImmediate(again);
    });
    await unzstd(packed("zeros"), MANY);
    clearImmediate(timer);
    assert.ok(turns >= 2);
  });
});

describe("malformed data is refused", () => {
  test("wherever it is cut", async () => {
    for (const name of ["prose-small", "noise", "few-values", "empty", "zeros"]) {
      const data = packed(name);
      for (let at = 1; at < data.length; at += 1 + (data.length >> 8))
        await malformed(data.subarray(0, at), `${name} ${at}`);
    }
  });

  test("with bytes behind it, a reserved bit, a dictionary, another size than it declares", async () => {
    await malformed(Buffer.concat([packed("noise"), Buffer.of(0)]));
    const last = block(RAW, 2, Buffer.from("ab"), true);
    assert.equal(String(await unzstd(Buffer.concat([HEAD, last]), MANY)), "ab");
    for (const head of [
      [8, 0],
      [1, 0, 5],
      [32, 3],
      [32, 1],
      [3, 0, 0, 0, 0, 1],
    ]) {
      await malformed(Buffer.concat([MAGIC, Buffer.from(head), last]), String(head));
    }
    assert.equal(String(await unzstd(Buffer.concat([MAGIC, Buffer.of(32, 2), last]), MANY)), "ab");
    await malformed(Buffer.concat([HEAD, block(3, 0, Buffer.alloc(0), true)]));
    await malformed(Buffer.concat([HEAD, block(RAW, 131_073, Buffer.alloc(131_073), true)]));
    await malformed(Buffer.concat([HEAD, block(REPEATED, 131_073, Buffer.of(1), true)]));
    await malformed(Buffer.from("{}"));
  });

  test("with a table for Huffman weights whose only state needs no bits, which would never end", async () => {
    // Literals of 10 bytes in 9, coded by weights of which the first has all states.
    const accuracy = 63 << 4;
    await malformed(
      compressed(2 + (10 << 4), 9 << 6, 0, 5, accuracy & 255, accuracy >> 8, 0x55, 0x55, 0x55, 1, 1, 1, 0),
    );
  });

  test("with offsets before the frame, tables to repeat that are not there, and literals that are too few", async () => {
    const literals = [3 << 3, 97, 98, 99]; // raw
    const bits = 0x80; // an end mark, then zeros
    for (const [what, ...sequences] of [
      ["nothing behind the literals"],
      ["a byte too many", 0, 0],
      ["a repeated table", 1, 0xc0, bits],
      ["reserved bits", 1, 0x01, bits],
      ["a cut table", 1, 0x80],
      ["no end mark", 1, 0x54, 0, 0, 0, 0],
      ["an offset of 25", 1, 0x54, 0, 25, 0, 0xff, 0xff, 0xff, 0x07],
      ["an offset code of 31", 1, 0x54, 0, 31, 0, 0xff, 0xff, 0xff, 0xff, 0x80],
      ["4 literals", 1, 0x54, 4, 2, 0, 0x04],
      ["bits that are left", 1, 0x54, 1, 0, 0, 0x80],
    ] as [string, ...number[]][]) {
      await malformed(compressed(...literals, ...sequences), what);
    }
    // One literal, three bytes from one back, and the other literals.
    const fine = await unzstd(compressed(...literals, 1, 0x54, 1, 0, 0, 0x01), MANY);
    assert.equal(String(fine), "aaaabc");
  });

  test("however it is damaged, and never with another error or more bytes than permitted", async () => {
    const names = SAMPLES.map(({ name }) => name);
    const max = 200_000;
    const ends = { fine: 0, refused: 0, tooLarge: 0 };
    for (let round = 0; round < 400; round++) {
      const data = Buffer.from(packed(random.pick(names)));
      for (let left = 1 + random.int(4); left > 0; left--) {
        const at = random.int(random.once(2) ? Math.min(data.length, 60) : data.length);
        data[at] = random.once(2) ? random.int(256) : data[at]! ^ (1 << random.int(8));
      }
      try {
        const result = await unzstd(data, max);
        if (result === null) ends.tooLarge++;
        else ends.fine++;
        assert.ok(result === null || result.length <= max);
      } catch (error) {
        assert.ok(error instanceof ZstdError, `seed ${random.seed}, round ${round}: ${error}`);
        ends.refused++;
      }
    }
    assert.ok(ends.refused > 50 && ends.tooLarge > 10, JSON.stringify(ends));
  });
});

describe("a bomb", () => {
  test("of ten gigabytes is given up at the bound", async () => {
    const bomb = Buffer.concat([HEAD, ...Array<Buffer>(80_000).fill(block(REPEATED, 131_072, Buffer.of(0)))]);
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(await unzstd(bomb, MANY), null);
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 * MANY);
  });

  test("of a size that is declared only costs nothing", async () => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(10_000_000_000n);
    await malformed(Buffer.concat([MAGIC, Buffer.of(0xe0), size, block(RAW, 0, Buffer.alloc(0), true)]));
  });

  test("of blocks that make nothing is given up, and one of small blocks is not", async () => {
    const nothing = block(RAW, 0, Buffer.alloc(0));
    await malformed(Buffer.concat([HEAD, ...Array<Buffer>(10_000).fill(nothing)]));
    const small = block(RAW, 1024, Buffer.alloc(1024));
    const last = block(RAW, 0, Buffer.alloc(0), true);
    const result = await unzstd(Buffer.concat([HEAD, ...Array<Buffer>(900).fill(small), last]), MANY);
    assert.equal(result?.length, 900 * 1024);
  });
});
