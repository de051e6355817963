// The same request as a client of each API writes it.
import type { FormatName } from "../../../src/llm/format.ts";
import type { JsonObject } from "../../../src/llm/json/values.ts";

/** Something said, shown, called or answered. */
export type Piece =
  | { readonly text: string }
  | { readonly image: string }
  | { readonly pdf: string }
  | { readonly call: string; readonly name: string; readonly input: JsonObject }
  | { readonly result: string; readonly name: string; readonly output: string; readonly image?: string };

/** One turn. */
export interface Spoken {
  readonly by: "system" | "user" | "model";
  readonly pieces: readonly Piece[];
}

/** A request. */
export interface Wish {
  readonly system?: string;
  readonly turns: readonly Spoken[];
  readonly tools?: readonly string[];
  readonly choice?: "auto" | "none" | "required" | { readonly name: string };
  readonly serial?: true;
  readonly max?: number;
  readonly stop?: readonly string[];
  readonly schema?: JsonObject;
  readonly effort?: "low" | "high";
  readonly sampling?: true;
}

const CITY = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

/** The body; the model is named `m`. */
export function bodyOf(client: FormatName, wish: Wish): JsonObject {
  return JSON.parse(JSON.stringify(BODIES[client](wish))) as JsonObject;
}

const BODIES: Readonly<Record<FormatName, (wish: Wish) => JsonObject>> = {
  "openai-chat": (wish) => ({
    model: "m",
    messages: [
      ...(wish.system === undefined ? [] : [{ role: "developer", content: wish.system }]),
      ...wish.turns.flatMap(chatMessages),
    ],
    tools: wish.tools?.map((name) => ({ type: "function", function: { name, description: name, parameters: CITY } })),
    tool_choice: openaiChoice(wish, (name) => ({ type: "function", function: { name } })),
    parallel_tool_calls: wish.serial && false,
    max_completion_tokens: wish.max,
    stop: wish.stop,
    response_format: wish.schema && {
      type: "json_schema",
      json_schema: { name: "answer", schema: wish.schema, strict: true },
    },
    reasoning_effort: wish.effort,
    ...(wish.sampling && { temperature: 0.4, top_p: 0.9 }),
  }),
  "openai-responses": (wish) => ({
    model: "m",
    instructions: wish.system,
    input: wish.turns.flatMap(responseItems),
    tools: wish.tools?.map((name) => ({ type: "function", name, description: name, parameters: CITY, strict: false })),
    tool_choice: openaiChoice(wish, (name) => ({ type: "function", name })),
    parallel_tool_calls: wish.serial && false,
    max_output_tokens: wish.max,
    text: wish.schema && { format: { type: "json_schema", name: "answer", schema: wish.schema, strict: true } },
    reasoning: wish.effort && { effort: wish.effort },
    store: false,
    ...(wish.sampling && { temperature: 0.4, top_p: 0.9 }),
  }),
  "anthropic-messages": (wish) => ({
    model: "m",
    max_tokens: wish.max ?? 8000,
    system: wish.system,
    messages: wish.turns.map(({ by, pieces }) => ({
      role: by === "model" ? "assistant" : by,
      content: pieces.map(claudeBlock),
    })),
    tools: wish.tools?.map((name) => ({ name, description: name, input_schema: CITY })),
    tool_choice: claudeChoice(wish),
    stop_sequences: wish.stop,
    output_config: (wish.schema ?? wish.effort) && {
      ...(wish.schema && { format: { type: "json_schema", schema: wish.schema } }),
      effort: wish.effort,
    },
    thinking: wish.effort && { type: "adaptive" },
    ...(wish.sampling && { temperature: 0.4, top_p: 0.9 }),
  }),
  gemini: (wish) => ({
    contents: wish.turns.map(({ by, pieces }) => ({
      role: by === "model" ? "model" : "user",
      parts: pieces.flatMap(geminiParts),
    })),
    systemInstruction: wish.system && { parts: [{ text: wish.system }] },
    tools: wish.tools && [
      { functionDeclarations: wish.tools.map((name) => ({ name, description: name, parametersJsonSchema: CITY })) },
    ],
    toolConfig: wish.choice && { functionCallingConfig: geminiMode(wish.choice) },
    generationConfig: {
      maxOutputTokens: wish.max,
      stopSequences: wish.stop,
      ...(wish.schema && { responseMimeType: "application/json", responseJsonSchema: wish.schema }),
      ...(wish.effort && { thinkingConfig: { thinkingLevel: wish.effort.toUpperCase() } }),
      ...(wish.sampling && { temperature: 0.4, topP: 0.9 }),
    },
  }),
};

function openaiChoice({ choice }: Wish, named: (name: string) => JsonObject): unknown {
  return typeof choice === "object" ? named(choice.name) : choice;
}

function claudeChoice({ choice, serial }: Wish): unknown {
  if (choice === undefined && serial === undefined) return undefined;
  const disable = serial && { disable_parallel_tool_use: true };
  if (typeof choice === "object") return { type: "tool", name: choice.name, ...disable };
  if (choice === "none") return { type: "none" };
  return { type: choice === "required" ? "any" : "auto", ...disable };
}

function geminiMode(choice: NonNullable<Wish["choice"]>): JsonObject {
  if (typeof choice === "object") return { mode: "ANY", allowedFunctionNames: [choice.name] };
  return { mode: choice === "required" ? "ANY" : choice.toUpperCase() };
}

function chatMessages({ by, pieces }: Spoken): JsonObject[] {
  if (by === "model") {
    const calls = pieces.flatMap((piece) => {
      if (!("call" in piece)) return [];
      return [
        { id: piece.call, type: "function", function: { name: piece.name, arguments: JSON.stringify(piece.input) } },
      ];
    });
    const text = textOf(pieces);
    return [{ role: "assistant", content: text === "" ? null : text, ...(calls.length > 0 && { tool_calls: calls }) }];
  }
  const results = pieces.flatMap((piece) =>
    "result" in piece ? [{ role: "tool", tool_call_id: piece.result, content: piece.output }] : [],
  );
  const parts = pieces.flatMap((piece): JsonObject[] => {
    if ("text" in piece) return [{ type: "text", text: piece.text }];
    if ("image" in piece && !("result" in piece))
      return [{ type: "image_url", image_url: { url: urlOf(piece.image) } }];
    if ("pdf" in piece)
      return [{ type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${piece.pdf}` } }];
    return [];
  });
  return [...results, ...(parts.length === 0 ? [] : [{ role: by, content: parts }])];
}

function responseItems({ by, pieces }: Spoken): JsonObject[] {
  const items: JsonObject[] = [];
  const content: JsonObject[] = [];
  for (const piece of pieces) {
    if ("call" in piece)
      items.push({
        type: "function_call",
        call_id: piece.call,
        name: piece.name,
        arguments: JSON.stringify(piece.input),
      });
    else if ("result" in piece) {
      const shown = piece.image === undefined ? [] : [{ type: "input_image", image_url: urlOf(piece.image) }];
      const output = shown.length === 0 ? piece.output : [{ type: "input_text", text: piece.output }, ...shown];
      items.push({ type: "function_call_output", call_id: piece.result, output });
    } else if ("text" in piece) content.push({ type: by === "model" ? "output_text" : "input_text", text: piece.text });
    else if ("image" in piece) content.push({ type: "input_image", image_url: urlOf(piece.image) });
    else content.push({ type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${piece.pdf}` });
  }
  const message = { type: "message", role: by === "model" ? "assistant" : by, content };
  if (content.length === 0) return items;
  return by === "model" ? [message, ...items] : [...items, message];
}

function claudeBlock(piece: Piece): JsonObject {
  if ("call" in piece) return { type: "tool_use", id: piece.call, name: piece.name, input: piece.input };
  if ("result" in piece) {
    const shown = piece.image === undefined ? [] : [claudeImage(piece.image)];
    return {
      type: "tool_result",
      tool_use_id: piece.result,
      content: [{ type: "text", text: piece.output }, ...shown],
    };
  }
  if ("text" in piece) return { type: "text", text: piece.text };
  if ("image" in piece) return claudeImage(piece.image);
  return { type: "document", source: { type: "base64", media_type: "application/pdf", data: piece.pdf } };
}

function claudeImage(image: string): JsonObject {
  if (image.startsWith("http")) return { type: "image", source: { type: "url", url: image } };
  return { type: "image", source: { type: "base64", media_type: "image/png", data: image } };
}

function geminiParts(piece: Piece): JsonObject[] {
  if ("call" in piece) return [{ functionCall: { id: piece.call, name: piece.name, args: piece.input } }];
  if ("result" in piece) {
    const parts =
      piece.image === undefined ? {} : { parts: [{ inlineData: { mimeType: "image/png", data: piece.image } }] };
    return [{ functionResponse: { id: piece.result, name: piece.name, response: { output: piece.output }, ...parts } }];
  }
  if ("text" in piece) return [{ text: piece.text }];
  if ("pdf" in piece) return [{ inlineData: { mimeType: "application/pdf", data: piece.pdf } }];
  if (piece.image.startsWith("http")) return [{ fileData: { mimeType: "image/png", fileUri: piece.image } }];
  return [{ inlineData: { mimeType: "image/png", data: piece.image } }];
}

function urlOf(image: string): string {
  return image.startsWith("http") ? image : `data:image/png;base64,${image}`;
}

function textOf(pieces: readonly Piece[]): string {
  return pieces.map((piece) => ("text" in piece ? piece.text : "")).join("");
}
