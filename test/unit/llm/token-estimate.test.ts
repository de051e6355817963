// Estimates of tokens: high, and cheap.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChatRequest, Part } from "../../../src/llm/message/request.ts";
import { estimatePrompt, estimateTokens } from "../../../src/llm/token-estimate.ts";
import { read, request } from "../../support/llm/anthropic-samples.ts";

/** Texts, with the tokens that the vocabulary o200k_base has for them. */
const COUNTED: [string, string, number][] = [
  ["English", "The quick brown fox jumps over the lazy dog. It was the best of times, it was the worst of times.", 24],
  ["German", "Die Würde des Menschen ist unantastbar. Sie zu achten ist Verpflichtung aller staatlichen Gewalt.", 22],
  ["Russian", "Все люди рождаются свободными и равными в своем достоинстве и правах.", 17],
  ["Chinese", "人人生而自由,在尊严和权利上一律平等。", 16],
  ["code", "function add(a: number, b: number): number {\n  return a + b;\n}\n", 19],
  ["JSON", '{"name":"read_file","arguments":{"path":"/etc/hosts","limit":100}}', 19],
  ["digits", "3.14159265358979323846264338327950288419716939937510", 19],
];

describe("the estimate of a text", () => {
  for (const [name, text, tokens] of COUNTED) {
    test(`is above what is counted for ${name}, and less than three times that`, () => {
      const estimate = estimateTokens(text);
      assert.ok(estimate >= tokens && estimate < 3 * tokens, `${estimate} for ${tokens}`);
    });
  }

  test("of great length is that of its parts", () => {
    const text = COUNTED[0]![1];
    const part = estimateTokens(text.repeat(20));
    const whole = estimateTokens(text.repeat(20_000));
    assert.ok(Math.abs(whole / (1000 * part) - 1) < 0.1, `${whole} for 1000 times ${part}`);
  });

  test("does not count indentation by character", () => {
    assert.ok(estimateTokens(" ".repeat(1000)) < 100);
  });
});

describe("the estimate of a prompt", () => {
  const base = estimatePrompt(read());
  const more = (parts: Partial<ChatRequest>) => estimatePrompt(request(parts)) - base;
  const turns = (...parts: Part[]) => ({ turns: [...read().turns, { role: "user" as const, parts }] });

  test("is never 0", () => {
    assert.ok(estimatePrompt(request({ turns: [] })) > 0);
  });

  test("counts everything that the model reads", () => {
    const [tool] = read({
      tools: [
        {
          name: "f",
          description: "word ".repeat(100),
          input_schema: { type: "object", properties: { a: { description: "word ".repeat(100) } } },
        },
      ],
    }).tools;
    const schema = {
      kind: "schema",
      name: "x",
      description: null,
      schema: { description: "word ".repeat(100) },
      strict: null,
    } as const;
    const text = { kind: "text", text: "word ".repeat(100), cache: null } as const;
    const source = { kind: "base64", mediaType: "application/pdf", data: "A".repeat(400_000) } as const;
    assert.ok(more({ system: [text] }) >= 100);
    assert.ok(more({ tools: [tool!] }) >= 500);
    assert.ok(more({ output: schema }) >= 100);
    assert.ok(more(turns(text)) >= 100);
    assert.ok(
      more(
        turns({ kind: "toolResult", id: "a", name: null, parts: [text], failed: false, freeform: false, cache: null }),
      ) >= 100,
    );
    assert.ok(
      more(
        turns({
          kind: "toolCall",
          id: "a",
          name: "f",
          arguments: text.text,
          freeform: true,
          signature: null,
          cache: null,
        }),
      ) >= 100,
    );
    assert.ok(more(turns({ kind: "image", source, detail: null, cache: null })) >= 1500);
    assert.ok(more(turns({ kind: "document", source, name: null, cache: null })) >= 10_000);
    assert.ok(more(turns({ kind: "audio", source, cache: null })) >= 500);
    const thought = { kind: "reasoning", text: text.text, summary: false, redacted: false, id: null } as const;
    assert.ok(more(turns({ ...thought, signature: { family: "anthropic", value: "x" } })) >= 100);
    assert.ok(more(turns({ ...thought, text: "", signature: { family: "openai", value: "x".repeat(400) } })) >= 100);
    assert.ok(more(turns({ ...thought, signature: null })) < 10);
  });

  test("looks at a bounded number of characters", () => {
    let looked = 0;
    const part = (length: number): Part => ({ kind: "text", text: "a".repeat(length), cache: null });
    const original = String.prototype.charCodeAt;
    String.prototype.charCodeAt = function (this: string, at: number): number {
      looked++;
      return original.call(this, at);
    };
    try {
      estimatePrompt(request(turns(part(20_000_000), ...Array.from({ length: 2000 }, () => part(2000)))));
    } finally {
      String.prototype.charCodeAt = original;
    }
    assert.ok(looked < 250_000, String(looked));
  });

  test("follows schemas of any depth", () => {
    let schema: Record<string, unknown> = {};
    for (let level = 0; level < 100_000; level++) schema = { items: schema };
    assert.ok(more({ tools: [{ ...read({ tools: [{ name: "f", input_schema: {} }] }).tools[0]!, schema }] }) > 100_000);
  });
});
