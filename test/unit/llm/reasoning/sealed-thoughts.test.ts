// Proofs of thoughts that travel through clients of another API.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Family } from "../../../../src/llm/message/request.ts";
import {
  type Proof,
  seal,
  sealCall,
  unseal,
  unsealCall,
  unsealThought,
} from "../../../../src/llm/reasoning/sealed-thoughts.ts";

function proof(family: Family, value: string, more: Partial<Proof> = {}): Proof {
  return { signature: { family, value }, redacted: false, summary: false, id: null, hidden: null, ...more };
}

describe("a proof in the hands of a client", () => {
  test("is as its maker wrote it if the client speaks the maker's API", () => {
    assert.equal(seal(proof("gemini", "Q0FF"), "gemini"), "Q0FF");
    assert.equal(unseal("Q0FF"), null);
    assert.deepEqual(unsealThought("why", "Q0FF", "gemini"), {
      ...{ kind: "reasoning", text: "why", summary: false, redacted: false, id: null },
      signature: { family: "gemini", value: "Q0FF" },
    });
  });

  for (const family of ["openai", "anthropic", "gemini", "other"] as const) {
    test(`comes back whole, with its family ${family}`, () => {
      const own = family === "anthropic" ? "gemini" : "anthropic";
      const whole = proof(family, "ErUB+/=\u00fc", { redacted: true, summary: true, id: "rs_1", hidden: "thought 💭" });
      assert.deepEqual(unseal(seal(whole, own)), whole);
      assert.deepEqual(unseal(seal(whole, family)), whole);
    });
  }

  test("is Base64, and survives a client that writes it in the alphabet of URLs", () => {
    const sealed = seal(proof("anthropic", "\u00ff\u00fe???>>>~~~"), "gemini");
    assert.match(sealed, /^[A-Za-z0-9+/]+={0,2}$/);
    const urls = sealed.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    assert.deepEqual(unseal(urls)?.signature, { family: "anthropic", value: "\u00ff\u00fe???>>>~~~" });
  });

  test("hides the thought if the client is not to see it", () => {
    const sealed = seal(proof("anthropic", "sig", { hidden: "because" }), "gemini");
    assert.ok(!sealed.includes("because"));
    assert.equal(unsealThought("", sealed, "gemini").text, "because");
  });

  test("that was damaged is no proof of another family", () => {
    const sealed = seal(proof("anthropic", "sig"), "gemini");
    assert.equal(unseal(sealed.slice(0, -8)), null);
    assert.equal(unseal(`${sealed.slice(0, 16)}eyJmIjoieCJ9`), null);
    assert.equal(unsealThought("", sealed.slice(0, -8), "gemini").signature, null);
  });

  test("of a call is told from that of a thought", () => {
    const signature = { family: "gemini", value: "sig" } as const;
    assert.deepEqual(unsealCall(sealCall(signature, "anthropic")), signature);
    assert.deepEqual(unsealCall(sealCall(signature, "gemini")), signature);
    assert.equal(unsealCall(seal(proof("gemini", "sig"), "anthropic")), null);
    assert.equal(unsealCall("ErUB"), null);
  });
});
