// Every answer of every provider, as a client of every API gets it: nothing is lost, and nothing added.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anthropicMessages } from "../../../../src/llm/anthropic/format.ts";
import type { WireFormat } from "../../../../src/llm/format.ts";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { bodySays, type Said, streamSays } from "../../../support/llm/answer-meaning.ts";
import { CLIENTS } from "../../../support/llm/formats.ts";
import { expected, PLAYERS, SCENES, type Scene, type ScenePlayer } from "../../../support/llm/scenes.ts";
import { sdksSay } from "../../../support/llm/sdk-answers.ts";
import { seenAs, translateStream } from "../../../support/llm/translate.ts";

for (const player of PLAYERS) {
  for (const client of CLIENTS) {
    describe(`${player.name} to clients of ${client.name}`, () => {
      for (const scene of SCENES.filter((one) => player.can(one))) {
        test(`${scene.name}, streamed`, async () => {
          const stream = translateStream(player.format, client, [Buffer.from(player.stream(scene))]);
          const said = streamSays(client.name, stream);
          compare(said, scene, player, client);
          for (const heard of await sdksSay(client.name, stream)) assertSame(heard, said, client);
        });
        test(scene.name, () => {
          const answer = player.format.provider.readResponse(player.body(scene));
          const body = client.client.writeResponse(answer, seenAs(client, false));
          compare(bodySays(client.name, JSON.parse(JSON.stringify(body))), scene, player, client);
        });
      }
    });
  }
}

function compare(said: Said, scene: Scene, player: ScenePlayer, client: WireFormat): void {
  const { usage, ...wanted } = expected(scene, player);
  const { refusal, usage: counted, ...rest } = said;
  const heard = { ...rest, text: said.text + refusal };
  if (usage !== null) assert.deepEqual(counted, usage);
  if (scene.reply.finish === "length" && scene.reply.calls.length > 0) {
    // What is left of the arguments shows as each API can show it, in Gemini's not at all.
    assert.equal(heard.finish, "length");
    if (heard.calls.length > 0 || client !== gemini) assert.deepEqual(names(heard), names(wanted));
  } else if (scene.reply.finish === "refusal" && client !== anthropicMessages) {
    // OpenAI's models decline in a part of its own, and end as usual.
    assert.ok(["stop", "filter"].includes(heard.finish));
    assert.deepEqual({ ...heard, finish: "" }, { ...wanted, finish: "" });
  } else assert.deepEqual(heard, wanted);
}

function names({ calls }: Pick<Said, "calls">): string[] {
  return calls.map(({ name }) => name);
}

/** What an SDK has heard is what our own reader has; thoughts are unknown to OpenAI's accumulator. */
function assertSame(heard: Said, said: Said, client: WireFormat): void {
  if (said.finish === "length") assert.deepEqual([heard.text, heard.finish], [said.text, said.finish]);
  else assert.deepEqual(client === openaiChat ? { ...heard, thoughts: said.thoughts } : heard, said);
}
