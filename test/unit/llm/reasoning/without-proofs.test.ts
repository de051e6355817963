// Requests whose proofs of thoughts a provider cannot verify.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import { hasProofs, isUnverified, withoutProofs } from "../../../../src/llm/reasoning/without-proofs.ts";
import { assistant, call, chatRequest, modelTarget, text, user } from "../../../support/llm/common-form.ts";

describe("a proof that a provider cannot verify", () => {
  for (const words of [
    "The encrypted content gAAA could not be verified. Reason: Encrypted content organization_id did not match",
    "messages.1.content.0: Invalid `signature` in `thinking` block",
    "Unable to submit request because Thought signature is not valid.",
    "Corrupted thought signature.",
    "Invalid thought signature.",
    "invalid_encrypted_content x",
  ]) {
    test(`is told by: ${words.slice(0, 60)}`, () => assert.equal(isUnverified(words), true));
  }

  test("is not told by other refusals", () => {
    for (const words of ["Function call is missing a thought_signature", "Invalid role", "null "]) {
      assert.equal(isUnverified(words), false);
    }
  });

  test("is left out, and its call gets the literal of Gemini", () => {
    const signature = { family: "gemini", value: "c2ln" } as const;
    const thought = { kind: "reasoning", text: "t", summary: false, signature, redacted: false, id: null } as const;
    const turns = [user("a"), assistant(thought, "b", call("c1", "f", "{}", { signature }))];
    const request = withoutProofs(chatRequest({ turns }));
    assert.equal(hasProofs(chatRequest({ turns })), true);
    assert.equal(hasProofs(request), false);
    assert.deepEqual(request.turns[1]!.parts, [text("b"), call("c1", "f", "{}")]);
    const { contents } = gemini.provider.writeRequest(request, modelTarget()).body;
    assert.match(JSON.stringify(contents), /skip_thought_signature_validator/);
  });
});
