// What the application log never shows.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AppLog, createLog } from "../../../src/observe/app-log.ts";
import type { LineSink } from "../../../src/observe/line-sink.ts";

function logTo(text: boolean): { readonly log: AppLog; readonly lines: string[] } {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line) } as unknown as LineSink;
  return { log: createLog(sink, "debug", text), lines };
}

for (const text of [false, true]) {
  describe(`the application log as ${text ? "text" : "JSON"}`, () => {
    test("masks facts that are named like a credential, and those of objects in it", () => {
      const { log, lines } = logTo(text);
      for (const name of ["authorization", "x-api-key", "x-goog-api-key", "x-openai-api-key", "openai-api-key"]) {
        log.info("m", { [name]: "canary", head: { [name]: "canary" } });
      }
      assert.equal(lines.length, 5);
      assert.doesNotMatch(lines.join(""), /canary/);
    });
    test("masks keys wherever they stand, those of the configuration before as well", () => {
      const { log, lines } = logTo(text);
      log.hide(["sk-operator-1"]);
      log.hide(["sk-operator-2"]);
      log.error("refused sk-operator-1", { reason: "bad key: sk-operator-2, twice sk-operator-2" });
      assert.doesNotMatch(lines.join(""), /operator/);
      assert.match(lines.join(""), /bad key: \*\*\*, twice \*\*\*/);
    });
    test("does not mask what is too short to be a key", () => {
      const { log, lines } = logTo(text);
      log.hide(["", "e", "ollama"]);
      log.warn("the model at ollama", {});
      assert.match(lines.join(""), /the model at ollama/);
    });
  });
}
