// Rules of the Responses API that go beyond the shape of a request.
import { isOf } from "../answer/signature.ts";
import type { ChatTraits } from "../chat/models.ts";
import { checkPictureUrl } from "../rules/pictures.ts";
import { Refusal } from "../rules/refusal.ts";
import { checkOutput, checkParameters } from "../rules/schemas.ts";
import { type InputItem, itemsOf, type ResponseBody, type ResponseTool } from "./types.ts";

const CALLS: Readonly<Record<string, string>> = {
  function_call_output: "function_call",
  custom_tool_call_output: "custom_tool_call",
};

/**
 * Checks a body whose shape is right.
 * @param items all of them, with those of the responses before
 * @param account of the key
 * @throws Refusal
 */
export function checkResponses(
  body: ResponseBody,
  items: readonly InputItem[],
  traits: ChatTraits,
  account: string,
): void {
  checkFields(body, traits);
  checkTools(body);
  if (items.length === 0) throw refuse("Missing required parameter: 'input'.", "input");
  checkCalls(items);
  for (const [i, item] of items.entries()) {
    checkPictures(item, i);
    if (item.type === "reasoning") checkReasoning(item, i, items, account);
  }
}

function checkFields(body: ResponseBody, traits: ChatTraits): void {
  const unsupported = (param: string) =>
    new Refusal(
      "invalid",
      `Unsupported parameter: '${param}' is not supported with this model.`,
      param,
      "unsupported_parameter",
    );
  if (!traits.sampling && body.temperature != null && body.temperature !== 1) throw unsupported("temperature");
  if (!traits.sampling && body.top_p != null && body.top_p !== 1) throw unsupported("top_p");
  const { effort, summary } = body.reasoning ?? {};
  if (effort != null && !traits.efforts.includes(effort)) throw unsupported("reasoning.effort");
  if (summary != null && traits.efforts.length === 0) throw unsupported("reasoning.summary");
  if (body.stream_options != null && body.stream !== true)
    throw refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  if (body.previous_response_id != null && body.conversation != null)
    throw refuse("Only one of 'previous_response_id' and 'conversation' may be set.", "conversation");
  const format = body.text?.format;
  if (format?.type === "json_schema")
    checkOutput(format.name!, format.schema!, format.strict === true, "text.format.schema");
  if (format?.type === "json_object" && !/json/i.test(JSON.stringify([body.input, body.instructions])))
    throw refuse(
      "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
      "input",
    );
}

function checkTools({ tools = [], tool_choice }: ResponseBody): void {
  const all = tools.flatMap((tool): readonly ResponseTool[] => tool.tools ?? [tool]);
  for (const [i, { type, name, parameters, strict }] of all.entries()) {
    if (type === "function") checkParameters(name!, parameters ?? undefined, strict === true, `tools[${i}].parameters`);
  }
  if (typeof tool_choice !== "object") {
    if (tool_choice === "required" && tools.length === 0)
      throw refuse("Tool choice 'required' must be specified with 'tools' parameter.", "tool_choice");
    return;
  }
  const { type, name } = tool_choice;
  if (name !== undefined && !all.some((tool) => tool.type === type && tool.name === name))
    throw refuse(`Tool choice '${type}' not found in 'tools' parameter.`, "tool_choice");
}

function checkCalls(items: readonly InputItem[]): void {
  const open = new Map<string, string>();
  for (const { type = "message", call_id = "" } of items) {
    if (type === "function_call" || type === "custom_tool_call") {
      if (open.has(call_id)) throw refuse(`Duplicate call_id ${call_id}.`, "input");
      open.set(call_id, type);
    }
    const wanted = CALLS[type];
    if (wanted === undefined) continue;
    const word = wanted.replaceAll("_", " ");
    if (open.get(call_id) !== wanted)
      throw refuse(`No tool call found for ${word} output with call_id ${call_id}.`, "input");
    open.set(call_id, "answered");
  }
  for (const [call_id, state] of open) {
    if (state !== "answered")
      throw refuse(`No tool output found for ${state.replaceAll("_", " ")} ${call_id}.`, "input");
  }
}

/** A thought comes back encrypted for the same account, and with what followed it. */
function checkReasoning(item: InputItem, i: number, items: readonly InputItem[], account: string): void {
  const { id, encrypted_content } = item;
  if (encrypted_content == null) {
    const message = `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`;
    throw new Refusal("notFound", message, "input", null);
  }
  if (!isOf(encrypted_content, "openai", account))
    throw new Refusal(
      "invalid",
      `The encrypted content for item ${id} could not be verified. Reason: Encrypted content organization_id did not match the target organization.`,
      null,
      "invalid_encrypted_content",
    );
  const next = items[i + 1];
  const follows = next !== undefined && (next.type ?? "message") !== "reasoning" && next.role !== "user";
  if (!follows || next.type?.endsWith("_output") === true)
    throw refuse(`Item '${id}' of type 'reasoning' was provided without its required following item.`, "input");
}

function checkPictures({ content, output }: InputItem, i: number): void {
  for (const parts of [content, output]) {
    if (!Array.isArray(parts)) continue;
    for (const [j, { image_url }] of parts.entries()) {
      if (image_url != null) checkPictureUrl(image_url, `input[${i}].content[${j}].image_url`);
    }
  }
}

/** Items of a body after those of the responses before. @param before of the stored response */
export function allItems(body: ResponseBody, before: readonly InputItem[]): readonly InputItem[] {
  return [...before, ...itemsOf(body.input)];
}

function refuse(message: string, param: string): Refusal {
  return new Refusal("invalid", message, param);
}
