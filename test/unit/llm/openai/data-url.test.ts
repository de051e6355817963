// `data:` URLs and what they hold.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dataUrl, readDataUrl } from "../../../../src/llm/openai/data-url.ts";

test("a data URL gives its media type in lower case, and its data in Base64", () => {
  assert.deepEqual(readDataUrl("data:image/PNG;base64,aGk="), { mediaType: "image/png", data: "aGk=" });
  assert.deepEqual(readDataUrl("DATA:text/plain;charset=utf-8;base64,aGk="), { mediaType: "text/plain", data: "aGk=" });
});
test("text that is not in Base64 is put so", () => {
  assert.deepEqual(readDataUrl("data:text/csv,a%2Cb"), {
    mediaType: "text/csv",
    data: Buffer.from("a,b").toString("base64"),
  });
  assert.deepEqual(readDataUrl("data:,100%"), {
    mediaType: "text/plain",
    data: Buffer.from("100%").toString("base64"),
  });
});
test("other URLs are none", () => {
  assert.equal(readDataUrl("https://example.com/data:,"), null);
  assert.equal(readDataUrl("data:image/png"), null);
});
test("what is written can be read", () => {
  assert.deepEqual(readDataUrl(dataUrl("image/png", "aGk=")), { mediaType: "image/png", data: "aGk=" });
});
