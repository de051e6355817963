// Everything of the APIs that is no chat, by the official SDKs: lists, counts, vectors, files, sounds and pictures.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { before, describe, test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import Previous from "anthropic-sdk-previous";
import OpenAI, { toFile } from "openai";
import { type LlmGateway, PROVIDERS, startLlmGateway } from "../support/llm/llm-gateway.ts";

const LIMIT = { timeout: 60_000 };

let world: LlmGateway;
let openai: OpenAI;
let anthropic: Anthropic;
let google: GoogleGenAI;
before(async () => {
  world = await startLlmGateway();
  openai = new OpenAI({ baseURL: `${world.url}/v1`, apiKey: "none", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: world.url, apiKey: "none", maxRetries: 0 });
  google = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: world.url } });
});

describe("models", LIMIT, () => {
  test("are listed for clients of every API, in its shape", async () => {
    const names = PROVIDERS.map(({ name }) => name);
    const lists = [
      (await openai.models.list()).data.map(({ id }) => id),
      (await anthropic.models.list()).data.map(({ id }) => id),
      (await google.models.list()).page.map(({ name }) => name!.replace("models/", "")),
    ];
    for (const list of lists) for (const name of names) assert.ok(list.includes(name), `${name} in ${list.join()}`);
    assert.equal((await openai.models.retrieve("claude")).id, "claude");
    assert.equal((await anthropic.models.retrieve("chat")).id, "chat");
  });
  test("are listed for agents that look them up, and HEAD / is harmless", async () => {
    const headers = { "x-api-key": "none", "anthropic-version": "2023-06-01" };
    const reply = await fetch(`${world.url}/v1/models?limit=1000`, { headers, redirect: "manual" });
    const { data } = (await reply.json()) as { data: { id: string; display_name: string }[] };
    assert.ok(data.every(({ id, display_name }) => id !== "" && display_name !== ""));
    assert.ok((await fetch(world.url, { method: "HEAD" })).status < 400);
  });
});

describe("tokens", LIMIT, () => {
  test("are counted by the provider where it can, else estimated, for prompts to every provider", async () => {
    const messages = [{ role: "user" as const, content: "x".repeat(4000) }];
    for (const { name } of PROVIDERS) {
      const { input_tokens } = await anthropic.messages.countTokens({ model: name, messages });
      assert.ok(input_tokens >= 400 && input_tokens < 8000, `${name}: ${input_tokens}`);
    }
    const counted = await google.models.countTokens({ model: "google", contents: "x".repeat(4000) });
    assert.equal(counted.totalTokens, 1001);
    const previous = new Previous({ baseURL: world.url, apiKey: "none" });
    const beta = await previous.beta.messages.countTokens({ model: "claude", messages });
    assert.equal(beta.input_tokens, 1001);
  });
});

describe("vectors, judgements and completions", LIMIT, () => {
  test("pass in the forms the SDK asks for", async () => {
    const model = "embedding";
    const { data } = await openai.embeddings.create({ model, input: ["a", "b"], dimensions: 4 });
    assert.deepEqual(
      data.map(({ embedding }) => embedding.length),
      [4, 4],
    );
    const floats = await openai.embeddings.create({ model, input: "a", encoding_format: "float" });
    assert.equal(floats.data[0]!.embedding.length, 8);
    assert.equal((await openai.moderations.create({ model: "moderation", input: "harm" })).results[0]!.flagged, true);
    const completion = await openai.completions.create({ model: "chat-plain", prompt: "Once" });
    assert.match(completion.choices[0]!.text, /Once/);
  });
});

describe("files and what is made of them", LIMIT, () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256));

  test("pass byte by byte, and belong to the account that made them", async () => {
    const file = await openai.files.create({ file: await toFile(bytes, "a.bin"), purpose: "user_data" });
    assert.equal(file.bytes, bytes.length);
    const content = Buffer.from(await (await openai.files.content(file.id)).arrayBuffer());
    assert.equal(hash(content), hash(bytes));
    assert.ok((await openai.files.list()).data.some(({ id }) => id === file.id));
    assert.equal((await openai.files.delete(file.id)).deleted, true);
  });
  test("batches are made, shown and cancelled", async () => {
    const file = await openai.files.create({ file: await toFile(bytes, "b.bin"), purpose: "batch" });
    const batch = await openai.batches.create({
      input_file_id: file.id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    });
    assert.equal((await openai.batches.retrieve(batch.id)).id, batch.id);
    assert.equal((await openai.batches.cancel(batch.id)).status, "cancelled");
  });
  test("sounds go in as forms and come out as bytes", async () => {
    const sound = await openai.audio.speech.create({ model: "tts-1", input: "hello", voice: "alloy" });
    assert.equal((await sound.arrayBuffer()).byteLength, 5 * 64);
    const heard = await openai.audio.transcriptions.create({ model: "whisper-1", file: await toFile(bytes, "a.mp3") });
    assert.equal(heard.text, `${bytes.length} bytes of a.mp3`);
  });
  test("pictures are made, whole and streamed", async () => {
    const made = await openai.images.generate({ model: "gpt-image-1", prompt: "a dot" });
    assert.ok(made.data![0]!.b64_json);
    const stream = await openai.images.generate({ model: "gpt-image-1", prompt: "a dot", stream: true });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    assert.deepEqual(types, ["image_generation.partial_image", "image_generation.completed"]);
  });
});

describe("stored responses", LIMIT, () => {
  test("are shown, gone on from and deleted at the provider that has them", async () => {
    const first = await openai.responses.create({ model: "responses", input: "one" });
    assert.equal((await openai.responses.retrieve(first.id)).output_text, "You said: one");
    const next = { model: "responses", input: "two", previous_response_id: first.id };
    assert.equal((await openai.responses.create(next)).output_text, "You said: two");
    await openai.responses.delete(first.id);
    await assert.rejects(openai.responses.retrieve(first.id), { status: 404 });
  });
  test("that nobody has are an error by name", async () => {
    const unknown = { model: "claude", input: "x", previous_response_id: "resp_unknown" };
    await assert.rejects(openai.responses.create(unknown), /"resp_unknown" is not known here/);
  });
});

describe("bodies in a content coding", LIMIT, () => {
  const body = Buffer.from(JSON.stringify({ model: "claude", messages: [{ role: "user", content: "hello" }] }));
  const codings = { gzip: gzipSync(body), br: brotliCompressSync(body), deflate: deflateSync(body) };
  for (const [coding, sent] of Object.entries(codings)) {
    test(`${coding} is read`, async () => {
      const headers = { "content-encoding": coding, "content-type": "application/json" };
      const reply = await fetch(`${world.url}/v1/chat/completions`, { method: "POST", headers, body: sent });
      assert.match(await reply.text(), /You said: hello/);
    });
  }
  test("an unknown one is 415, in the shape of the API", async () => {
    const headers = { "content-encoding": "zip", "content-type": "application/json" };
    const reply = await fetch(`${world.url}/v1/messages`, { method: "POST", headers, body });
    assert.equal(reply.status, 415);
    assert.equal(((await reply.json()) as { type: string }).type, "error");
  });
});

test("a WebSocket for responses is refused with 426 at once", LIMIT, async () => {
  const status = await new Promise<number>((resolve, reject) => {
    const headers = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const request = httpRequest(`${world.url}/v1/responses`, { headers }, (reply) => {
      reply.resume();
      resolve(reply.statusCode!);
    });
    request.on("error", reject).end();
  });
  assert.equal(status, 426);
});

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
