// Lists of models as the API of the client has them.
import { queryValue } from "../../../wire/query.ts";
import type { Api } from "../operation.ts";

/** What a client is told of a model. */
export interface ListRow {
  /** The name it may use. */
  readonly id: string;
  /** For people; "" the id. */
  readonly displayName: string;
  /** s since 1970; 0 unknown. */
  readonly createdAt: number;
  /** Most tokens of prompt and answer; 0 unknown. */
  readonly contextIn: number;
  /** Most tokens of the answer; 0 unknown. */
  readonly contextOut: number;
  /** null: unknown. */
  readonly thinks: boolean | null;
}

/** One model. */
export function rowFor(api: Api, row: ListRow): object {
  return ROWS[api](row);
}

/** All models, or the page that the query asks for. */
export function listFor(api: Api, rows: readonly ListRow[], query: string): object {
  return LISTS[api](rows, query);
}

const authorIn = (id: string) => (id.includes("/") ? id.slice(0, id.indexOf("/")) : "gateway");

const ROWS: Readonly<Record<Api, (row: ListRow) => object>> = {
  openai: ({ id, displayName, createdAt }) => ({
    id,
    object: "model",
    created: createdAt,
    owned_by: authorIn(id),
    // Not of OpenAI: agents that look for models of Anthropic without its version read it.
    display_name: displayName || id,
  }),
  anthropic: ({ id, displayName, createdAt, contextIn, contextOut }) => ({
    type: "model",
    id,
    display_name: displayName || id,
    created_at: new Date(createdAt * 1000).toISOString(),
    max_input_tokens: contextIn || null,
    max_tokens: contextOut || null,
    capabilities: null,
    lifecycle: "active",
    line: null,
    deprecated_at: null,
    retires_at: null,
  }),
  gemini: ({ id, displayName, contextIn, contextOut, thinks }) => ({
    name: GEMINI_PREFIX + id,
    displayName: displayName || id,
    ...(contextIn > 0 && { inputTokenLimit: contextIn }),
    ...(contextOut > 0 && { outputTokenLimit: contextOut }),
    supportedGenerationMethods: ["generateContent", "countTokens"],
    ...(thinks !== null && { thinking: thinks }),
  }),
};

const GEMINI_PREFIX = "models/";
/** Largest page that clients may ask for. */
const LARGEST = 1000;

const LISTS: Readonly<Record<Api, (rows: readonly ListRow[], query: string) => object>> = {
  openai: (rows) => ({ object: "list", data: rows.map(ROWS.openai) }),
  anthropic(rows, query) {
    const { page, hasMore } = claudePage(rows, query);
    const ids = page.map(({ id }) => id);
    return {
      data: page.map(ROWS.anthropic),
      has_more: hasMore,
      first_id: ids[0] ?? null,
      last_id: ids.at(-1) ?? null,
    };
  },
  gemini(rows, query) {
    const from = Number(/^\d{1,9}$/.exec(queryValue(query, "pageToken") ?? "")?.[0] ?? 0);
    const to = from + (sizeIn(query, "pageSize") ?? rows.length);
    return {
      models: rows.slice(from, to).map(ROWS.gemini),
      ...(to < rows.length && { nextPageToken: String(to) }),
    };
  },
};

/** Behind `after_id`, or before `before_id`. */
function claudePage(rows: readonly ListRow[], query: string): { page: readonly ListRow[]; hasMore: boolean } {
  const size = sizeIn(query, "limit") ?? rows.length;
  const placeOf = (name: string) => {
    const id = queryValue(query, name);
    return id === undefined ? -1 : rows.findIndex((row) => row.id === id);
  };
  const before = placeOf("before_id");
  if (before !== -1) return { page: rows.slice(Math.max(0, before - size), before), hasMore: before > size };
  const from = placeOf("after_id") + 1;
  return { page: rows.slice(from, from + size), hasMore: from + size < rows.length };
}

function sizeIn(query: string, name: string): number | null {
  const text = queryValue(query, name) ?? "";
  const size = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return size === 0 ? null : Math.min(size, LARGEST);
}
