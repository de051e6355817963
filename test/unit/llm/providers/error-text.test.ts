// Errors of providers as clients see them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FAULT_STATUS, type FaultKind } from "../../../../src/llm/message/fault.ts";
import { faultMessage, withoutKeys } from "../../../../src/llm/providers/error-text.ts";

const SHOWN: readonly FaultKind[] = ["invalid", "contextOverflow", "contentPolicy", "notFound"];

describe("the message of a provider's error", () => {
  for (const kind of Object.keys(FAULT_STATUS) as FaultKind[]) {
    const shown = SHOWN.includes(kind);
    test(`${shown ? "is" : "is not"} the provider's own if the fault is ${kind}`, () => {
      assert.equal(faultMessage(kind, "words of account 7.") === "words of account 7.", shown);
      assert.match(faultMessage(kind, null), /^The /);
      assert.equal(faultMessage(kind, ""), faultMessage(kind, null));
    });
  }

  test("has at most 1 000 characters", () => {
    assert.equal(withoutKeys("word ".repeat(100_000)).length, 1000);
    assert.equal(withoutKeys("x y ".repeat(250)).length, 1000);
  });

  const keys = [
    "sk-ant-api03-abcdefghijklmnop",
    "sk-proj-abc_def-123",
    "sk-or-v1-0123456789abcdef",
    "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "ya29.a0AfH6SMB-xyz.abc",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "gsk_abcdefgh12345678",
    "xai-abcdefgh12345678",
    "0123456789abcdef0123456789abcdef",
    "Zm9vYmFyMTIzZm9vYmFyMTIzZm9vYmFyMTIz",
  ];
  for (const key of keys) {
    test(`never holds ${key.slice(0, 8)}…`, () => {
      for (const around of [
        `Incorrect API key provided: ${key}.`,
        `"${key}"`,
        `Bearer ${key}`,
        `?key=${key}&alt=sse`,
      ]) {
        assert.ok(!withoutKeys(around).includes(key), withoutKeys(around));
      }
    });
  }

  test("loses no ordinary words", () => {
    const words =
      "The input token count (1200000) exceeds the maximum of 1048576. See https://ai.google.dev/gemini-api/docs/thought-signatures and claude-sonnet-4-5-20250929 or gpt-4o-mini-search-preview-2025-03-11.";
    assert.equal(withoutKeys(words), words);
  });
});
