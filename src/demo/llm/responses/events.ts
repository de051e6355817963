// A response as events.
import type { Ask } from "../answer/ask.ts";
import type { Reply } from "../answer/reply.ts";
import { type Frame, type FrameRole, namedFrame, pieces } from "../frame.ts";
import { begun, type OutputItem, outputOf, type ResponseStyle, response } from "./answer.ts";

type Json = Readonly<Record<string, unknown>>;

/** A frame before it is numbered. */
type Event = readonly [role: FrameRole, data: Json & { readonly type: string }];

/** The events, numbered. */
export function* responseEvents(ask: Ask, reply: Reply, style: ResponseStyle): Generator<Frame> {
  let sequence_number = 0;
  for (const [role, data] of eventsOf(ask, reply, style))
    yield namedFrame(role, { ...data, sequence_number: sequence_number++ });
}

function* eventsOf(ask: Ask, reply: Reply, style: ResponseStyle): Generator<Event> {
  const start = begun(ask, style);
  yield ["start", { type: "response.created", response: start }];
  yield ["start", { type: "response.in_progress", response: start }];
  for (const [output_index, item] of outputOf(ask, reply, style).entries()) {
    const role = item.type === "message" || item.type === "reasoning" ? "start" : "content";
    yield [role, { type: "response.output_item.added", output_index, item: opened(item) }];
    yield* ITEMS[item.type](item, { item_id: item.id, output_index }, style);
    yield ["content", { type: "response.output_item.done", output_index, item }];
  }
  const whole = response(ask, reply, style);
  yield ["end", { type: `response.${String(whole.status)}`, response: whole }];
}

/** An item as it begins. */
function opened(item: OutputItem): Json {
  const begins = { ...item, ...(item.type === "reasoning" ? {} : { status: "in_progress" }) };
  if (item.type === "message") return { ...begins, content: [] };
  if (item.type === "reasoning") return { ...begins, summary: [] };
  return item.type === "function_call" ? { ...begins, arguments: "" } : { ...begins, input: "" };
}

const ITEMS: Readonly<
  Record<OutputItem["type"], (item: OutputItem, at: Json, style: ResponseStyle) => Generator<Event>>
> = {
  *message(item, at, style) {
    const [part] = item.content as readonly Json[];
    const isText = part!.type === "output_text";
    const place = { ...at, content_index: 0 };
    const empty = isText ? { ...part, text: "" } : { ...part, refusal: "" };
    yield ["start", { type: "response.content_part.added", ...place, part: empty }];
    const name = isText ? "response.output_text" : "response.refusal";
    const pad = style.body.stream_options?.include_obfuscation === false ? {} : { obfuscation: "xK9" };
    const more = isText ? { logprobs: [] } : {};
    const text = String(isText ? part!.text : part!.refusal);
    for (const delta of pieces(text)) yield ["content", { type: `${name}.delta`, ...place, delta, ...more, ...pad }];
    yield ["content", { type: `${name}.done`, ...place, ...(isText ? { text, ...more } : { refusal: text }) }];
    yield ["content", { type: "response.content_part.done", ...place, part }];
  },
  *reasoning(item, at) {
    const [part] = item.summary as readonly Json[];
    if (part === undefined) return;
    const place = { ...at, summary_index: 0 };
    yield ["start", { type: "response.reasoning_summary_part.added", ...place, part: { ...part, text: "" } }];
    const text = String(part.text);
    for (const delta of pieces(text))
      yield ["content", { type: "response.reasoning_summary_text.delta", ...place, delta }];
    yield ["content", { type: "response.reasoning_summary_text.done", ...place, text }];
    yield ["content", { type: "response.reasoning_summary_part.done", ...place, part }];
  },
  *function_call(item, at) {
    const text = String(item.arguments);
    for (const delta of pieces(text))
      yield ["content", { type: "response.function_call_arguments.delta", ...at, delta }];
    yield ["content", { type: "response.function_call_arguments.done", ...at, arguments: text }];
  },
  *custom_tool_call(item, at) {
    const input = String(item.input);
    for (const delta of pieces(input))
      yield ["content", { type: "response.custom_tool_call_input.delta", ...at, delta }];
    yield ["content", { type: "response.custom_tool_call_input.done", ...at, input }];
  },
};
