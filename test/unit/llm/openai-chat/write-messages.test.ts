// Turns in the common form as messages for OpenAI, OpenRouter and compatible servers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type {
  DocumentPart,
  Family,
  ImagePart,
  Part,
  ReasoningPart,
  Source,
} from "../../../../src/llm/message/request.ts";
import type { Dialect, ModelFacts } from "../../../../src/llm/models/model.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { CALL_IDS } from "../../../../src/llm/tools/ids.ts";
import {
  assistant,
  call,
  chatRequest,
  modelTarget,
  result,
  text,
  tool,
  user,
} from "../../../support/llm/common-form.ts";
import { COMPATIBLE, OPENROUTER, write } from "./provider-requests.ts";

function messages(
  request: Parameters<typeof write>[0],
  facts: Partial<ModelFacts> = {},
  dialect: Partial<Dialect> = {},
) {
  return write(request, facts, dialect).body.messages as readonly JsonObject[];
}

const base64 = (mediaType: string, data: string): Source => ({ kind: "base64", mediaType, data });
const image = (source: Source): ImagePart => ({ kind: "image", source, detail: null, cache: null });
const document = (source: Source, name: string | null = null): DocumentPart => ({
  kind: "document",
  source,
  name,
  cache: null,
});
const PNG = image(base64("image/png", "AAAA"));
const WRITTEN_PNG = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };

describe("instructions", () => {
  test("are one message of the developer, or of the system", () => {
    const system = [text("A"), text("B")];
    assert.deepEqual(messages({ system })[0], { role: "developer", content: "A\n\nB" });
    assert.deepEqual(messages({ system }, {}, COMPATIBLE)[0], { role: "system", content: "A\n\nB" });
  });

  test("keep marks of caches for OpenRouter", () => {
    const system = [text("A"), { ...text("B"), cache: { ttlSeconds: 300 } }];
    const content = [
      { type: "text", text: "A" },
      { type: "text", text: "B", cache_control: { type: "ephemeral" } },
    ];
    assert.deepEqual(messages({ system }, {}, OPENROUTER)[0], { role: "system", content });
    assert.deepEqual(write({ system }).warnings, ["cache_control"]);
  });

  test("in the middle stay there", () => {
    const turns = [user("Hi"), { role: "system", parts: [text("C")] } as const, user("Go")];
    assert.deepEqual(
      messages({ turns }).map(({ role }) => role),
      ["user", "developer", "user"],
    );
  });
});

/** A part and what it is at OpenAI. */
const PARTS: readonly (readonly [string, Part, JsonObject])[] = [
  ["an image", PNG, WRITTEN_PNG],
  [
    "an image with detail",
    { ...PNG, detail: "low" },
    { type: "image_url", image_url: { ...WRITTEN_PNG.image_url, detail: "low" } },
  ],
  [
    "a remote image",
    image({ kind: "url", url: "https://x.test/a", mediaType: null }),
    { type: "image_url", image_url: { url: "https://x.test/a" } },
  ],
  [
    "sound",
    { kind: "audio", source: base64("audio/mpeg", "BB"), cache: null },
    { type: "input_audio", input_audio: { data: "BB", format: "mp3" } },
  ],
  [
    "a PDF",
    document(base64("application/pdf", "CC"), "a.pdf"),
    { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,CC" } },
  ],
  [
    "a text as a document",
    document(base64("text/plain", "SGVsbG8="), "a.txt"),
    { type: "text", text: "a.txt\n\nHello" },
  ],
  [
    "a file of OpenAI",
    document({ kind: "file", id: "file-1", family: "openai" }),
    { type: "file", file: { file_id: "file-1" } },
  ],
];

/** What no such endpoint or model takes. */
const REFUSED: readonly (readonly [string, Part, Partial<ModelFacts>, Partial<Dialect>])[] = [
  ["An image", PNG, { images: false }, {}],
  ["An image given as the id of a file", image({ kind: "file", id: "file-1", family: "openai" }), {}, {}],
  [
    "An image given as a URL",
    image({ kind: "url", url: "https://x.test/a", mediaType: null }),
    {},
    { remoteUrls: false },
  ],
  ["Audio", { kind: "audio", source: base64("audio/wav", "B"), cache: null }, { audio: false }, {}],
  ["Audio of type audio/ogg", { kind: "audio", source: base64("audio/ogg", "B"), cache: null }, {}, {}],
  ["A document", document(base64("application/pdf", "C")), { documents: false }, {}],
  ["A document given as a URL", document({ kind: "url", url: "https://x.test/a", mediaType: null }), {}, {}],
  ["A document given as the id of a file", document({ kind: "file", id: "file-1", family: "anthropic" }), {}, {}],
];

describe("contents", () => {
  for (const [what, part, written] of PARTS) {
    test(what, () =>
      assert.deepEqual(messages({ turns: [user("See", part)] })[0]!.content, [{ type: "text", text: "See" }, written]),
    );
  }

  for (const [what, part, facts, dialect] of REFUSED) {
    test(`${what} is refused by name`, () => {
      assert.throws(
        () => messages({ turns: [user(part)] }, facts, dialect),
        (error) => error instanceof LlmError && error.message.startsWith(`${what} is not supported`),
      );
    });
  }

  test("a remote document for OpenRouter", () => {
    const turns = [user(document({ kind: "url", url: "https://x.test/a", mediaType: null }))];
    assert.deepEqual(messages({ turns }, {}, OPENROUTER)[0]!.content, [
      { type: "file", file: { filename: "document.pdf", file_data: "https://x.test/a" } },
    ]);
  });
});

describe("calls and results", () => {
  test("results come before what else the turn says", () => {
    const turns = [
      assistant("Let me", call("a", "f", ""), call("b", "g", "{}")),
      user("And", result("a", "1"), result("b", "2", { failed: true })),
    ];
    assert.deepEqual(messages({ turns }), [
      {
        role: "assistant",
        content: "Let me",
        tool_calls: [
          { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
          { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "a", content: "1" },
      { role: "tool", tool_call_id: "b", content: "Error: 2" },
      { role: "user", content: "And" },
    ]);
  });

  test("images in results follow all results of the turn", () => {
    const shot = result("a", "", { parts: [PNG], name: "shot" });
    const label = { type: "text", text: "Media in the result of shot:" };
    const turns = [
      assistant(call("a", "shot", ""), call("b", "g", "")),
      user(shot),
      user(result("b", "2")),
      user("What is it?"),
    ];
    assert.deepEqual(messages({ turns }).slice(1), [
      { role: "tool", tool_call_id: "a", content: "The result follows as media." },
      { role: "tool", tool_call_id: "b", content: "2" },
      { role: "user", content: [label, WRITTEN_PNG, { type: "text", text: "What is it?" }] },
    ]);
    assert.deepEqual(messages({ turns: turns.slice(0, 2) }).at(-1), { role: "user", content: [label, WRITTEN_PNG] });
  });

  test("ids that are not allowed change alike in call and result", () => {
    const id = `functions.read:0|${"x".repeat(80)}`;
    const turns = [assistant(call(id, "f", "")), user(result(id, "1"))];
    for (const callIds of ["openai", "mistral"] as const) {
      const [made, answered] = messages({ turns }, {}, { callIds });
      const [written] = made!.tool_calls as readonly JsonObject[];
      assert.match(String(written!.id), CALL_IDS[callIds].allowed);
      assert.equal(answered!.tool_call_id, written!.id);
    }
  });

  test("freeform calls are custom at OpenAI, functions of one text elsewhere", () => {
    const turns = [
      assistant(call("a", "patch", "*** x", { freeform: true })),
      user(result("a", "ok", { freeform: true })),
    ];
    const tools = [tool("patch", { freeform: true })];
    const [own] = messages({ turns, tools })[0]!.tool_calls as readonly JsonObject[];
    assert.deepEqual(own, { id: "a", type: "custom", custom: { name: "patch", input: "*** x" } });
    const [wrapped] = messages({ turns, tools }, {}, COMPATIBLE)[0]!.tool_calls as readonly JsonObject[];
    assert.deepEqual(wrapped, {
      id: "a",
      type: "function",
      function: { name: "patch", arguments: '{"input":"*** x"}' },
    });
  });

  test("names in calls of earlier turns change as those of tools do", () => {
    const turns = [assistant(call("a", "fs.read", "")), user(result("a", "1"))];
    const { body } = write({ turns, tools: [tool("fs.read")] });
    const [made] = body.messages as readonly { readonly tool_calls: readonly { readonly function: JsonObject }[] }[];
    const [declared] = body.tools as readonly { readonly function: JsonObject }[];
    assert.equal(made!.tool_calls[0]!.function.name, declared!.function.name);
  });

  test("a refusal is said as text", () => {
    assert.deepEqual(messages({ turns: [assistant({ kind: "refusal", text: "No" })] }), [
      { role: "assistant", content: "No" },
    ]);
  });
});

function thought(value: string, family: Family | null, more: Partial<ReasoningPart> = {}): ReasoningPart {
  const signature = family === null ? null : { family, value: `sig-${family}` };
  return { kind: "reasoning", text: value, summary: false, signature, redacted: false, id: null, ...more };
}

describe("thoughts of earlier turns", () => {
  const turns = [
    assistant(
      thought("mine", null),
      thought("claude", "anthropic"),
      "Hi",
      call("a", "f", "", { signature: { family: "gemini", value: "g" } }),
    ),
  ];

  test("are left out, unless the model wants its own back", () => {
    const [plain] = messages({ turns });
    assert.deepEqual(Object.keys(plain!), ["role", "content", "tool_calls"]);
    assert.equal(messages({ turns }, { reasoningBack: true }, COMPATIBLE)[0]!.reasoning_content, "mine");
    assert.deepEqual(messages({ turns: [assistant(thought("alone", "anthropic"))] }), []);
  });

  test("a turn with calls of another model has an empty one, where the field is demanded", () => {
    const foreign = [assistant(thought("claude", "anthropic"), call("a", "f", "")), assistant("Hi")];
    const written = messages({ turns: foreign }, { reasoningBack: true }, COMPATIBLE);
    assert.equal(written[0]!.reasoning_content, "");
    assert.ok(!("reasoning_content" in written[1]!));
  });

  for (const family of ["anthropic", "gemini", "openai"] as const) {
    test(`OpenRouter gets only proofs of ${family} for a model that takes those`, () => {
      const target = { ...modelTarget({}, OPENROUTER), family };
      const { body } = openaiChat.provider.writeRequest(chatRequest({ turns }), target);
      const details = (body.messages as readonly JsonObject[])[0]!.reasoning_details ?? [];
      const formats = (details as readonly JsonObject[]).map(({ type, format, id }) => [type, format, id]);
      const expected = {
        anthropic: [["reasoning.text", "anthropic-claude-v1", null]],
        gemini: [["reasoning.encrypted", "google-gemini-v1", "a"]],
        openai: [],
      };
      assert.deepEqual(formats, expected[family]);
    });
  }

  test("Google's compatible endpoint gets the proof with the call", () => {
    const { body } = openaiChat.provider.writeRequest(chatRequest({ turns }), {
      ...modelTarget({}, COMPATIBLE),
      family: "gemini",
    });
    const [made] = (body.messages as readonly JsonObject[])[0]!.tool_calls as readonly JsonObject[];
    assert.deepEqual(made!.extra_content, { google: { thought_signature: "g" } });
  });
});
