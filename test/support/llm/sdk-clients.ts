// The official SDKs, and libraries of agents, as clients of a gateway: each asks, streams, and goes through a tool loop.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { type Content, type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import { type AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, jsonSchema, type LanguageModel, stepCountIs, streamText, tool } from "ai";
import Previous from "anthropic-sdk-previous";
import OpenAI from "openai";

/** What is asked of the model in a tool loop. */
export const LOOP_PROMPT = 'call get_weather with {"city":"Zürich"} and call now';
/** What the tools answer, and what the model then says. */
export const LOOP_ANSWER = "The tool said: sunny in Zürich | noon";

const CITY = { type: "object" as const, properties: { city: { type: "string" as const } }, required: ["city"] };
const NOTHING = { type: "object" as const, properties: {} };

/** The answer of a tool. */
function resultOf(name: string, input: unknown): string {
  return name === "now" ? "noon" : `sunny in ${(input as { city: string }).city}`;
}

/** A client. */
export interface SdkClient {
  readonly name: string;
  /** Text of the answer. */
  ask(model: string, prompt: string, stream: boolean): Promise<string>;
  /** Last text of a tool loop. */
  loop(model: string, stream: boolean): Promise<string>;
}

/** All of them. @param url of the gateway */
export function sdkClients(url: string): readonly SdkClient[] {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
  const ai = createOpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
  const aiAnthropic = createAnthropic({ baseURL: `${url}/v1`, apiKey: "none" });
  return [
    openaiChatClient(openai),
    openaiResponsesClient(openai),
    anthropicClient("anthropic 1.14", new Anthropic({ baseURL: url, apiKey: "none", maxRetries: 0 })),
    anthropicClient(
      "anthropic 0.137",
      new Previous({ baseURL: url, apiKey: "none", maxRetries: 0 }) as unknown as Anthropic,
    ),
    geminiClient(new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: url } })),
    aiClient("ai, chat", (model) => ai.chat(model)),
    aiClient("ai, responses", (model) => ai.responses(model)),
    aiClient("ai, anthropic", (model) => aiAnthropic(model)),
    langchainClient(url),
  ];
}

function openaiChatClient(client: OpenAI): SdkClient {
  const tools = [
    { type: "function" as const, function: { name: "get_weather", parameters: CITY } },
    { type: "function" as const, function: { name: "now", parameters: NOTHING } },
  ];
  type Message = OpenAI.ChatCompletionMessageParam & { reasoning_details?: unknown };
  async function answer(body: { model: string; messages: Message[]; tools?: typeof tools }, stream: boolean) {
    if (!stream) return (await client.chat.completions.create(body)).choices[0]!.message;
    const run = client.chat.completions.stream(body);
    // The accumulator of the SDK keeps only the last of details: an agent joins them.
    const details: unknown[] = [];
    run.on("chunk", (chunk) => {
      details.push(
        ...((chunk.choices[0]?.delta as { reasoning_details?: unknown[] } | undefined)?.reasoning_details ?? []),
      );
    });
    const message = (await run.finalChatCompletion()).choices[0]!.message;
    return details.length === 0 ? message : { ...message, reasoning_details: details };
  }
  return {
    name: "openai, chat",
    async ask(model, prompt, stream) {
      return (await answer({ model, messages: [{ role: "user", content: prompt }] }, stream)).content ?? "";
    },
    async loop(model, stream) {
      const messages: Message[] = [{ role: "user", content: LOOP_PROMPT }];
      for (;;) {
        const message = await answer({ model, messages, tools }, stream);
        if (message.tool_calls === undefined || message.tool_calls.length === 0) return message.content ?? "";
        messages.push(message);
        for (const call of message.tool_calls) {
          if (call.type !== "function") throw new Error(call.type);
          const { name, arguments: text } = call.function;
          messages.push({ role: "tool", tool_call_id: call.id, content: resultOf(name, JSON.parse(text || "{}")) });
        }
      }
    },
  };
}

function openaiResponsesClient(client: OpenAI): SdkClient {
  const tools = [
    { type: "function" as const, name: "get_weather", parameters: CITY, strict: false },
    { type: "function" as const, name: "now", parameters: NOTHING, strict: false },
  ];
  const base = {
    store: false,
    include: ["reasoning.encrypted_content" as const],
    reasoning: { effort: "high" as const, summary: "auto" as const },
  };
  async function answer(
    body: { model: string; input: OpenAI.Responses.ResponseInput; tools?: typeof tools },
    stream: boolean,
  ) {
    if (stream) return client.responses.stream({ ...base, ...body }).finalResponse();
    return client.responses.create({ ...base, ...body });
  }
  return {
    name: "openai, responses",
    async ask(model, prompt, stream) {
      return (await answer({ model, input: [{ role: "user", content: prompt }] }, stream)).output_text;
    },
    async loop(model, stream) {
      const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: LOOP_PROMPT }];
      for (;;) {
        const response = await answer({ model, input, tools }, stream);
        const calls = response.output.filter((item) => item.type === "function_call");
        if (calls.length === 0) return response.output_text;
        for (const { parsed_arguments: _, ...item } of response.output as { parsed_arguments?: unknown }[])
          input.push(item as OpenAI.Responses.ResponseInputItem);
        for (const { call_id, name, arguments: text } of calls as OpenAI.Responses.ResponseFunctionToolCall[])
          input.push({ type: "function_call_output", call_id, output: resultOf(name, JSON.parse(text)) });
      }
    },
  };
}

function anthropicClient(name: string, client: Anthropic): SdkClient {
  const tools = [
    { name: "get_weather", input_schema: CITY },
    { name: "now", input_schema: NOTHING },
  ];
  type Body = Omit<Anthropic.MessageCreateParamsNonStreaming, "max_tokens">;
  async function answer(body: Body, stream: boolean) {
    const whole = { max_tokens: 4000, ...body };
    return stream ? client.messages.stream(whole).finalMessage() : client.messages.create(whole);
  }
  const textOf = ({ content }: Anthropic.Message) =>
    content.map((block) => (block.type === "text" ? block.text : "")).join("");
  return {
    name,
    async ask(model, prompt, stream) {
      return textOf(await answer({ model, messages: [{ role: "user", content: prompt }] }, stream));
    },
    async loop(model, stream) {
      const messages: Anthropic.MessageParam[] = [{ role: "user", content: LOOP_PROMPT }];
      const thinking = { type: "enabled" as const, budget_tokens: 2000 };
      for (;;) {
        const message = await answer({ model, messages, tools, thinking }, stream);
        const calls = message.content.filter((block) => block.type === "tool_use");
        if (calls.length === 0) return textOf(message);
        messages.push({ role: "assistant", content: message.content });
        const results = calls.map(({ id, name: called, input }) => {
          return { type: "tool_result" as const, tool_use_id: id, content: resultOf(called, input) };
        });
        messages.push({ role: "user", content: results });
      }
    },
  };
}

function geminiClient(client: GoogleGenAI): SdkClient {
  const tools = [
    {
      functionDeclarations: [
        { name: "get_weather", parametersJsonSchema: CITY },
        { name: "now", parametersJsonSchema: NOTHING },
      ],
    },
  ];
  async function answer(model: string, contents: Content[], withTools: boolean, stream: boolean): Promise<Content> {
    const config = withTools ? { tools, thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 } } : {};
    const request = { model, contents, config };
    const chunks: GenerateContentResponse[] = [];
    if (!stream) chunks.push(await client.models.generateContent(request));
    else for await (const chunk of await client.models.generateContentStream(request)) chunks.push(chunk);
    return { role: "model", parts: chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []) };
  }
  const textOf = ({ parts = [] }: Content) =>
    parts.map(({ text = "", thought }) => (thought === true ? "" : text)).join("");
  return {
    name: "gemini",
    ask: async (model, prompt, stream) =>
      textOf(await answer(model, [{ role: "user", parts: [{ text: prompt }] }], false, stream)),
    async loop(model, stream) {
      const contents: Content[] = [{ role: "user", parts: [{ text: LOOP_PROMPT }] }];
      for (;;) {
        const content = await answer(model, contents, true, stream);
        const calls = content.parts!.flatMap(({ functionCall }) => functionCall ?? []);
        if (calls.length === 0) return textOf(content);
        const results = calls.map(({ id, name, args }) => {
          return { functionResponse: { id: id!, name: name!, response: { output: resultOf(name!, args) } } };
        });
        contents.push(content, { role: "user", parts: results });
      }
    },
  };
}

/** Nothing is kept at a provider, so that any may go on. */
const providerOptions = { openai: { store: false } };

function aiClient(name: string, modelOf: (model: string) => LanguageModel): SdkClient {
  const tools = {
    get_weather: tool({
      inputSchema: jsonSchema<{ city: string }>(CITY),
      execute: (input) => resultOf("get_weather", input),
    }),
    now: tool({ inputSchema: jsonSchema<object>(NOTHING), execute: (input) => resultOf("now", input) }),
  };
  async function run(model: string, prompt: string, withTools: boolean, stream: boolean): Promise<string> {
    const base = { model: modelOf(model), prompt, maxRetries: 0, stopWhen: stepCountIs(4), providerOptions };
    const options = withTools ? { ...base, tools } : base;
    if (!stream) return (await generateText(options)).text;
    let failure: unknown = null;
    const streamed = streamText({ ...options, onError: ({ error }) => void (failure = error) });
    for await (const _ of streamed.fullStream);
    if (failure !== null) throw failure;
    return streamed.text;
  }
  return {
    name,
    ask: (model, prompt, stream) => run(model, prompt, false, stream),
    loop: (model, stream) => run(model, LOOP_PROMPT, true, stream),
  };
}

function langchainClient(url: string): SdkClient {
  const tools = [
    { type: "function" as const, function: { name: "get_weather", parameters: CITY } },
    { type: "function" as const, function: { name: "now", parameters: NOTHING } },
  ];
  const chat = (model: string) => {
    return new ChatOpenAI({ model, apiKey: "none", maxRetries: 0, configuration: { baseURL: `${url}/v1` } });
  };
  async function answer(
    runnable: ReturnType<ReturnType<typeof chat>["bindTools"]>,
    messages: never[],
    stream: boolean,
  ) {
    if (!stream) return runnable.invoke(messages);
    let whole: AIMessageChunk | null = null;
    for await (const chunk of await runnable.stream(messages)) whole = whole === null ? chunk : whole.concat(chunk);
    return whole!;
  }
  return {
    name: "langchain",
    async ask(model, prompt, stream) {
      const whole = await answer(chat(model) as never, [new HumanMessage(prompt)] as never[], stream);
      return whole.text;
    },
    async loop(model, stream) {
      const messages: unknown[] = [new HumanMessage(LOOP_PROMPT)];
      for (;;) {
        const message = await answer(chat(model).bindTools(tools), messages as never[], stream);
        if (message.tool_calls === undefined || message.tool_calls.length === 0) return message.text;
        messages.push(message);
        for (const { id, name, args } of message.tool_calls)
          messages.push(new ToolMessage({ tool_call_id: id!, content: resultOf(name, args) }));
      }
    },
  };
}
