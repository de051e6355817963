// What `explain` says about requests to language models: candidates, reasons, order, and what is changed for each.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explainRequest } from "../../../src/cli/llm/explain.ts";
import { identityOf } from "../../../src/core/identity.ts";
import { operatorKey } from "../../../src/llm/credentials/credential.ts";
import { Call } from "../../../src/llm/exchange/call.ts";
import { Selection } from "../../../src/llm/exchange/candidates/selection.ts";
import { requestOf } from "../../../src/llm/exchange/client-request.ts";
import { dryLlmRoutes } from "../../../src/snapshot/check/dry-llm.ts";
import type { LlmRuleParts } from "../../../src/snapshot/llm/llm-routes.ts";
import { contextOf, type GivenContext } from "../../support/context.ts";
import { providerFault } from "../../support/llm-credentials.ts";
import { loadFine } from "../../support/load.ts";

const KEYS = "sk-canary-operator";
const PARTS = (strategy = "", more = "") => `gateway:
  llm:
    providers:
      openai: { kind: openai, apiKeys: [ ${KEYS} ] }
      anthropic: { kind: anthropic, apiKeys: [ ${KEYS} ] }
      local: { kind: openaiCompatible, baseUrl: "http://127.0.0.1:9/v1" }
    models:
      tiny: { provider: local, upstreamName: tiny-1, capabilities: { images: false } }
    fallback: { maxAttempts: 20 }
${more}
  router:
    rules:
      - id: chat
        path: /*
        strategy: { type: llm, models: [ openai/gpt-5, anthropic/claude-haiku-4-5, tiny ]${strategy} }
`;

async function partsOf(strategy = "", more = ""): Promise<LlmRuleParts> {
  const config = loadFine(PARTS(strategy, more));
  return (await dryLlmRoutes(config)).partsOf(config.rules[0]!);
}

const MESSAGES = [{ role: "user", content: "sesame" }];
const IMAGE = { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };
const chat = (body: object = {}) => ({ model: "auto", messages: MESSAGES, ...body });
const post = (given: GivenContext = {}) => contextOf({ method: "POST", target: "/v1/chat/completions", ...given });

async function explained(parts: LlmRuleParts, body: object | string | null, given: GivenContext = {}) {
  const bytes = body === null ? null : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const { lines, denied } = await explainRequest(parts, post(given), bytes);
  assert.doesNotMatch(lines.join(), /canary|sesame/);
  return { denied, lines: lines.map((line) => line.trim().replaceAll(/ +/g, " ")) };
}

describe("candidates", () => {
  test("stand in the order in which they are asked, with what is changed for each", async () => {
    const { lines, denied } = await explained(await partsOf(), chat({ stream: true, logit_bias: { 1: 2 } }));
    assert.deepEqual(lines, [
      'asks for "auto" by openai-chat, streamed; at most 20 attempts',
      "model 1 openai/gpt-5 (gpt-5 at openai), a key of the operator; passes but for model, stream_options",
      "model 2 anthropic/claude-haiku-4-5 (claude-haiku-4-5 at anthropic), a key of the operator; translated to anthropic-messages; left out or changed: logit_bias",
      "model 3 tiny (tiny-1 at local), no credential; passes but for model, stream_options",
    ]);
    assert.equal(denied, false);
  });

  test("the one that is named comes first, or is the only one", async () => {
    const names = ({ lines }: Awaited<ReturnType<typeof explained>>) =>
      lines.slice(1).map((line) => line.split(" (")[0]);
    const named = await explained(await partsOf(), chat({ model: "tiny" }));
    assert.deepEqual(names(named), ["model 1 tiny", "model 2 openai/gpt-5", "model 3 anthropic/claude-haiku-4-5"]);
    const alone = await explained(await partsOf(", failover: false"), chat({ model: "tiny-1" }));
    assert.deepEqual(alone.lines.slice(1), [
      "model 1 tiny (tiny-1 at local), no credential; passes as it is",
      "not asked openai/gpt-5 (gpt-5 at openai): the request names another, and failover is off",
      "not asked anthropic/claude-haiku-4-5 (claude-haiku-4-5 at anthropic): the request names another, and failover is off",
    ]);
    const nobody = await explained(await partsOf(), chat({ model: "other" }));
    assert.deepEqual(nobody, {
      denied: true,
      lines: ['answered 404 model_not_found: The model "other" does not exist or cannot be used here'],
    });
  });

  test("are left out for what they cannot do", async () => {
    const body = {
      model: "tiny",
      max_tokens: 9,
      messages: [
        {
          role: "user",
          content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } }],
        },
      ],
    };
    const { lines } = await explained(await partsOf(), body, { target: "/v1/messages" });
    assert.match(lines.at(-1)!, /^not asked tiny \(tiny-1 at local\): An image is not supported by this model$/);
    const embeddings = await explained(await partsOf(), { model: "auto", input: "x" }, { target: "/v1/embeddings" });
    assert.match(embeddings.lines[0]!, /by embeddings;/);
    assert.match(embeddings.lines.at(-1)!, /^not asked anthropic.*: embeddings is not supported by this model$/);
  });

  test("are left out for the credential of the client", async () => {
    const fields = ["Authorization", "Bearer sk-ant-oat01-canary"];
    const { lines, denied } = await explained(await partsOf(), chat(), { fields });
    assert.equal(denied, true);
    assert.equal(lines.length, 4);
    for (const line of lines.slice(1))
      assert.match(line, /^not asked .*: a token of OAuth is only sent to its provider's own API$/);
    const own = await explained(
      await partsOf(),
      { model: "claude-haiku-4-5", max_tokens: 9, messages: MESSAGES },
      { fields, target: "/v1/messages" },
    );
    assert.match(own.lines[1]!, /^model 1 anthropic.*, the client's own token; passes as it is$/);
  });

  test("are left out where the client may not use them", async () => {
    const parts = await partsOf(', allow: { "*": [ tiny ], "group:ops": [ "openai/*" ] }');
    const anyone = await explained(parts, chat());
    assert.match(anyone.lines[2]!, /^not asked openai.*: strategy.allow does not grant it to everyone$/);
    const identity = identityOf({ subject: "ann", groups: ["ops"], method: "jwt" });
    const ops = await explained(parts, chat(), { identity });
    assert.match(ops.lines[1]!, /^model 1 openai/);
    assert.match(ops.lines[3]!, /^not asked anthropic.*: strategy.allow does not grant it to this client$/);
  });

  test("are left out while they, or all keys for them, rest", async () => {
    const parts = await partsOf();
    const [gpt, claude] = parts.setup.order.candidates;
    const fail = (candidate: typeof gpt, kind: "overloaded" | "rateLimit") => {
      const { settings } = candidate!.provider;
      const key = operatorKey(settings, KEYS);
      parts.setup.credentials.failed(key, settings, candidate!.upstreamName, providerFault(kind, -1, null));
    };
    fail(gpt, "overloaded");
    fail(claude, "rateLimit");
    const { lines } = await explained(parts, chat());
    assert.match(lines[1]!, /^model 1 tiny/);
    assert.match(lines[2]!, /^not asked openai.*: the model is overloaded and is not asked for a while$/);
    assert.match(lines[3]!, /^not asked anthropic.*: all keys for this provider have reached their limits$/);
  });

  test("are those that are asked indeed, one after the other", async () => {
    for (const body of [chat(), chat({ model: "tiny" }), chat({ messages: [{ role: "user", content: [IMAGE] }] })]) {
      const parts = await partsOf();
      const bytes = Buffer.from(JSON.stringify(body));
      const { setup, models } = parts;
      const ctx = post();
      const asked = { kind: "chat", format: "openai-chat", model: null, stream: null } as const;
      const call = new Call(ctx, setup, requestOf(setup.formats, asked, bytes), await setup.credentials.detect(ctx));
      const selection = new Selection(call, models.candidatesFor(ctx, call));
      const names: string[] = [];
      for (
        let choice = selection.first();
        choice !== null;
        choice = selection.after(choice, providerFault("server", -1, null), null)
      )
        names.push(choice.candidate.id);
      const shown = (await explained(parts, body)).lines.flatMap((line) => /^model \d+ (\S+)/.exec(line)?.[1] ?? []);
      assert.deepEqual(shown, names);
      assert.ok(names.length >= 2);
    }
  });
});

describe("what is no question to a model", () => {
  const cases: readonly (readonly [GivenContext, boolean, string])[] = [
    [{ method: "GET", target: "/v1/models" }, false, "answered by the gateway, with its list of models"],
    [{ method: "GET", target: "/" }, false, "answered 200 by the gateway"],
    [
      { method: "GET", target: "/v1/responses", upgrade: true },
      false,
      "answered 426, so that the client goes on without a WebSocket",
    ],
    [{ method: "GET", target: "/other" }, true, "answered 404 no_route: no API has this method and path"],
    [{ method: "POST", target: "/v1/audio/speech" }, false, "passed to openai as it is, with a key of the operator"],
  ];
  for (const [given, denied, line] of cases) {
    test(`${given.method} ${given.target}: ${line}`, async () => {
      assert.deepEqual(await explained(await partsOf(), null, given), { denied, lines: [line] });
    });
  }
  test("a request without its body lists the models of the rule", async () => {
    const { lines, denied } = await explained(await partsOf(), null);
    assert.equal(denied, false);
    assert.match(lines[0]!, /^models openai\/gpt-5, anthropic\/claude-haiku-4-5, tiny; -d takes a body/);
  });
  test("a malformed body is refused as the gateway refuses it", async () => {
    const { lines, denied } = await explained(await partsOf(), '{"model":');
    assert.deepEqual(
      [denied, lines],
      [true, ["answered 400 invalid_json: The request body is not valid JSON at byte 9"]],
    );
  });
});
