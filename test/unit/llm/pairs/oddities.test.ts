// What providers send that their documents do not say, as a client of every API gets it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { streamSays } from "../../../support/llm/answer-meaning.ts";
import { CLIENTS } from "../../../support/llm/formats.ts";
import { ODDITIES } from "../../../support/llm/oddities.ts";
import { sdksSay } from "../../../support/llm/sdk-answers.ts";
import { translateStream } from "../../../support/llm/translate.ts";

for (const { name, format, stream, says } of ODDITIES) {
  describe(`${format.name}: ${name}`, () => {
    for (const client of CLIENTS) {
      test(`to clients of ${client.name}`, async () => {
        const written = translateStream(format, client, [Buffer.from(stream)]);
        const { text, calls, finish } = streamSays(client.name, written);
        assert.deepEqual({ text, calls, finish }, says);
        if (finish === "error") await assert.rejects(sdksSay(client.name, written));
        else for (const heard of await sdksSay(client.name, written)) assert.equal(heard.finish, finish);
      });
    }
  });
}
