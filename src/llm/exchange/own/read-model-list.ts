// Lists of models as the APIs of providers have them.
import { isObject, type JsonObject, numberOr, objectOr, textOr } from "../../json/values.ts";
import type { Api } from "../operation.ts";

/** A model as its provider lists it. */
export interface ListedModel {
  /** Name at the provider. */
  readonly upstreamName: string;
  /** For people; "" none. */
  readonly displayName: string;
  /** s since 1970; 0 unknown. */
  readonly createdAt: number;
  /** Most tokens of prompt and answer; 0 unknown. */
  readonly contextIn: number;
  /** Most tokens of the answer; 0 unknown. */
  readonly contextOut: number;
}

/** One page of a list. */
export interface ListPage {
  readonly models: readonly ListedModel[];
  /** Query of the next page; null: it was the last. */
  readonly next: string | null;
}

/** How the lists of an API are read. */
export interface ListForm {
  /** Query of the first page. */
  readonly first: string;
  /** null: it is no such list. */
  read(body: JsonObject): ListPage | null;
}

/** By API. */
export const LIST_FORMS: Readonly<Record<Api, ListForm>> = {
  openai: { first: "", read: (body) => pageOf(body.data, openaiModel, null) },
  anthropic: {
    first: "?limit=1000",
    read: (body) =>
      pageOf(body.data, claudeModel, body.has_more === true ? nextQuery("?limit=1000&after_id=", body.last_id) : null),
  },
  gemini: {
    first: "?pageSize=1000",
    read: (body) => pageOf(body.models, geminiModel, nextQuery("?pageSize=1000&pageToken=", body.nextPageToken)),
  },
};

/** Longest name that is kept, in UTF-16 units. */
const LONGEST = 256;

function pageOf(rows: unknown, read: (row: JsonObject) => ListedModel, next: string | null): ListPage | null {
  if (!Array.isArray(rows)) return null;
  const models = rows.filter(isObject).map(read);
  return { models: models.filter(({ upstreamName }) => upstreamName !== "" && upstreamName.length <= LONGEST), next };
}

function nextQuery(begin: string, mark: unknown): string | null {
  const text = textOr(mark) ?? "";
  return text === "" ? null : begin + encodeURIComponent(text);
}

/** With what OpenRouter (`context_length`, `top_provider`), vLLM (`max_model_len`) and Mistral (`max_context_length`) add. */
function openaiModel(row: JsonObject): ListedModel {
  return {
    upstreamName: textOr(row.id) ?? "",
    displayName: shortText(row.name) || shortText(row.display_name),
    createdAt: countOr(row.created),
    contextIn:
      countOr(row.context_length) ||
      countOr(row.max_model_len) ||
      countOr(row.max_context_length) ||
      countOr(row.context_window),
    contextOut: countOr(objectOr(row.top_provider)?.max_completion_tokens) || countOr(row.max_completion_tokens),
  };
}

function claudeModel(row: JsonObject): ListedModel {
  const createdAt = Date.parse(textOr(row.created_at) ?? "") / 1000;
  return {
    upstreamName: textOr(row.id) ?? "",
    displayName: shortText(row.display_name),
    createdAt: countOr(Math.floor(createdAt)),
    contextIn: countOr(row.max_input_tokens),
    contextOut: countOr(row.max_tokens),
  };
}

function geminiModel(row: JsonObject): ListedModel {
  return {
    upstreamName: (textOr(row.name) ?? "").replace(/^models\//, ""),
    displayName: shortText(row.displayName),
    createdAt: 0,
    contextIn: countOr(row.inputTokenLimit),
    contextOut: countOr(row.outputTokenLimit),
  };
}

function shortText(value: unknown): string {
  return (textOr(value) ?? "").slice(0, LONGEST);
}

/** A number above 0; else 0. */
function countOr(value: unknown): number {
  return Math.max(0, Math.floor(numberOr(value) ?? 0));
}
