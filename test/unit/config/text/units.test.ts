// Durations and sizes: every accepted form, every refused one, and the way back to text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { durationMs, MAX_DURATION_MS, showDuration, showSize, sizeBytes } from "../../../../src/config/text/units.ts";

const DURATIONS: readonly (readonly [string | number, number | null])[] = [
  [30, 30_000],
  [0, 0],
  [0.25, 250],
  ["30", 30_000],
  ["1.5", 1500],
  ["250ms", 250],
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
  ["1.5h", 5_400_000],
  [" 30s ", 30_000],
  [MAX_DURATION_MS / 1000, MAX_DURATION_MS],
  [MAX_DURATION_MS / 1000 + 1, null],
  ["25d", null],
  [-1, null],
  ["-1s", null],
  [Number.NaN, null],
  [Number.POSITIVE_INFINITY, null],
  ["", null],
  ["s", null],
  ["30 s", null],
  ["30sec", null],
  ["1m 30s", null],
  ["ten", null],
  ["1e3", null],
];

for (const [input, expected] of DURATIONS) {
  test(`duration ${JSON.stringify(input)} is ${expected === null ? "refused" : `${expected} ms`}`, () => {
    assert.equal(durationMs(input), expected);
  });
}

const SIZES: readonly (readonly [string | number, number | null])[] = [
  [0, 0],
  [65536, 65536],
  ["65536", 65536],
  ["1b", 1],
  ["512kb", 524_288],
  ["512KB", 524_288],
  ["1k", 1024],
  ["1KiB", 1024],
  ["10mb", 10_485_760],
  ["1MiB", 1_048_576],
  ["1.5m", 1_572_864],
  ["2gb", 2_147_483_648],
  ["1 mb", 1_048_576],
  [-1, null],
  [1.5, null],
  ["", null],
  ["mb", null],
  ["1tb", null],
  ["-1kb", null],
  ["1,5mb", null],
  [Number.NaN, null],
];

for (const [input, expected] of SIZES) {
  test(`size ${JSON.stringify(input)} is ${expected === null ? "refused" : `${expected} bytes`}`, () => {
    assert.equal(sizeBytes(input), expected);
  });
}

test("durations are shown as their shortest text", () => {
  const shown = [0, 1, 250, 1000, 1500, 90_000].map(showDuration);
  assert.deepEqual(shown, ["0s", "1ms", "250ms", "1s", "1.5s", "90s"]);
});

test("sizes are shown as their shortest exact text", () => {
  const shown = [0, 100, 1024, 1536, 10 * 1024 ** 2, 1024 ** 2 + 1024].map(showSize);
  assert.deepEqual(shown, ["0", "100", "1kb", "1536", "10mb", "1025kb"]);
});

test("shown durations and sizes read back to the same value", () => {
  for (let i = 0; i < 2000; i++) {
    const n = Math.floor(i ** 2.5);
    assert.equal(durationMs(showDuration(n)), n);
    assert.equal(sizeBytes(showSize(n)), n);
    assert.equal(sizeBytes(showSize(n * 1024)), n * 1024);
  }
});
