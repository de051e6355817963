// What is removed from every request to a provider.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withoutCredentialParameters, withoutCredentials } from "../../../../src/llm/credentials/stripped.ts";

describe("fields that carry credentials", () => {
  const names = [
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "X-Api-Key",
    "api-key",
    "X-Goog-Api-Key",
    "X-OpenAI-Api-Key",
    "OpenAI-Api-Key",
    "X-LLM-Key-openai",
    "x-llm-key-",
    "OpenAI-Organization",
    "OpenAI-Project",
    "anthropic-workspace-id",
    "anthropic-user-profile-id",
    "x-goog-user-project",
  ];
  test("are removed in any case, wherever they stand", () => {
    const fields = names.flatMap((name) => [name, "a", name.toUpperCase(), "b"]);
    assert.deepEqual(withoutCredentials(["accept", "x", ...fields, "anthropic-version", "y"]), [
      "accept",
      "x",
      "anthropic-version",
      "y",
    ]);
  });
  test("leave what agents say of themselves", () => {
    const kept = ["User-Agent", "claude-cli", "x-app", "cli", "anthropic-beta", "oauth-2025-04-20"];
    assert.deepEqual(withoutCredentials(kept), kept);
  });
});

describe("parameters that carry credentials", () => {
  const rows: readonly [string, string][] = [
    ["", ""],
    ["?alt=sse", "?alt=sse"],
    ["?key=AIza", ""],
    ["?key=AIza&alt=sse&key=b", "?alt=sse"],
    ["?%6Bey=AIza&beta=true", "?beta=true"],
    ["?access_token=ya29.a&api_key=b&api-key=c&oauth_token=d&$alt=sse", "?$alt=sse"],
    ["?monkey=1&keys=2", "?monkey=1&keys=2"],
  ];
  for (const [query, rest] of rows) {
    test(`of "${query}" are removed`, () => assert.equal(withoutCredentialParameters(query), rest));
  }
});
