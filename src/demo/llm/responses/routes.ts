// `/v1/responses` of the mock of OpenAI: answers, and what is kept of them.
import type { Reply } from "../answer/reply.ts";
import { tokensIn } from "../answer/tokens.ts";
import type { Handler, Objects, Route } from "../api.ts";
import { chatTraits } from "../chat/models.ts";
import { splitModel } from "../commands.ts";
import { converse } from "../converse.ts";
import type { Exchange } from "../exchange.ts";
import { openaiError } from "../rules/openai-errors.ts";
import { checkShape } from "../rules/openai-words.ts";
import { Refusal } from "../rules/refusal.ts";
import { outputOf, type ResponseStyle, response } from "./answer.ts";
import { responseAsk } from "./ask.ts";
import { responseEvents } from "./events.ts";
import { allItems, checkResponses } from "./rules.ts";
import { countRequest, responseRequest } from "./shapes.ts";
import { type InputItem, itemsOf, type ResponseBody } from "./types.ts";

/** A response that a later one can go on from. */
interface Kept {
  readonly response: unknown;
  /** Everything said until then; thoughts are left out, the provider has them. */
  readonly items: readonly InputItem[];
}

const create: Handler = (exchange, _found, state) => {
  const json = exchange.json();
  checkShape(() => responseRequest(json, []));
  const body = json as unknown as ResponseBody;
  const { name: model } = splitModel(body.model);
  const traits = chatTraits("openai", model);
  if (traits === null)
    throw new Refusal("invalid", `The requested model '${model}' does not exist.`, "model", "model_not_found");
  if (body.conversation != null) throw new Refusal("notFound", "Conversation not found.", "conversation", null);
  const before = body.previous_response_id;
  const items = allItems(body, before == null ? [] : keptOf(state.objects, exchange, before).items);
  checkResponses(body, items, traits, exchange.account);
  const ask = responseAsk(body, items, exchange, traits, state);
  const style: ResponseStyle = { body, model, account: exchange.account };
  const keep = (reply: Reply) => {
    const said = outputOf(ask, reply, style).filter(({ type }) => type !== "reasoning") as readonly unknown[];
    const kept: Kept = { response: response(ask, reply, style), items: [...items, ...(said as readonly InputItem[])] };
    if (body.store !== false) state.objects.put(exchange.account, `resp_${ask.seed}`, kept);
  };
  const conversation = {
    ask,
    stream: body.stream === true,
    answer: (reply: Reply) => {
      keep(reply);
      return response(ask, reply, style);
    },
    frames: (reply: Reply) => {
      keep(reply);
      return responseEvents(ask, reply, style);
    },
    failure: (refusal: Refusal) => failed(refusal),
    errorBody: (refusal: Refusal) => ({ error: openaiError(refusal) }),
    lineEnd: "\n",
  };
  return converse(exchange, conversation, state.pace);
};

/** The event `error`, as a stream that fails has it. */
function failed(refusal: Refusal): string {
  const { message, code, param } = openaiError(refusal);
  const event = { type: "error", code: code ?? "server_error", message, param, sequence_number: 3 };
  return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
}

const countTokens: Handler = (exchange) => {
  const json = exchange.json();
  checkShape(() => countRequest(json, []));
  const body = json as unknown as ResponseBody;
  const input = tokensIn(body.instructions ?? "") + tokensIn(body.tools ?? []) + tokensIn(itemsOf(body.input));
  exchange.json200({ object: "response.input_tokens", input_tokens: input });
};

const cancel: Handler = (exchange, [, id = ""], { objects }) => {
  keptOf(objects, exchange, id);
  throw new Refusal("invalid", "Cannot cancel a synchronous response.");
};

/** Responses, and those that were stored. */
export const responsesRoutes: readonly Route[] = [
  ["POST", /^\/v1\/responses$/, create],
  ["POST", /^\/v1\/responses\/input_tokens$/, countTokens],
  ["POST", /^\/v1\/responses\/([^/]+)\/cancel$/, cancel],
  [
    "GET",
    /^\/v1\/responses\/([^/]+)\/input_items$/,
    (exchange, [, id = ""], { objects }) =>
      exchange.json200({ object: "list", data: keptOf(objects, exchange, id).items, has_more: false }),
  ],
  [
    "GET",
    /^\/v1\/responses\/([^/]+)$/,
    (exchange, [, id = ""], { objects }) => exchange.json200(keptOf(objects, exchange, id).response),
  ],
  [
    "DELETE",
    /^\/v1\/responses\/([^/]+)$/,
    (exchange, [, id = ""], { objects }) => {
      keptOf(objects, exchange, id);
      objects.remove(exchange.account, id);
      exchange.json200({ id, object: "response.deleted", deleted: true });
    },
  ],
];

function keptOf(objects: Objects, exchange: Exchange, id: string): Kept {
  const kept = objects.get(exchange.account, id);
  if (kept === undefined)
    throw new Refusal(
      exchange.method === "POST" ? "invalid" : "notFound",
      `Previous response with id '${id}' not found.`,
      "previous_response_id",
      "previous_response_not_found",
    );
  return kept as Kept;
}
