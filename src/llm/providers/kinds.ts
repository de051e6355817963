// Kinds of providers as data: URLs, credentials, formats and other operations.
import type { FormatName } from "../format.ts";
import type { Dialect } from "../models/model.ts";

/**
 * What providers offer beside chat. Those of OpenAI are named after their paths; a path below that of the operation, such as
 * `/files/{id}/content`, belongs to it.
 */
export type Operation =
  /** The list of its models. */
  | "models"
  /** Counts the tokens of a prompt, in the format of the kind (`openai`: Responses). */
  | "countTokens"
  | "completions"
  | "embeddings"
  | "moderations"
  | "images"
  | "audio"
  | "videos"
  | "files"
  | "uploads"
  | "batches"
  | "fineTuning"
  /** Stored responses, and what is below `/responses`. */
  | "responses"
  | "conversations"
  | "containers"
  | "vectorStores"
  /** Chat completions that were stored. */
  | "storedChats"
  | "skills"
  | "cachedContents"
  | "interactions"
  /** What a model does for minutes, such as a video (Gemini). */
  | "longRunning";

/** What is true of every provider of a kind, unless its settings say otherwise. */
export interface KindFacts {
  /** Where it is, without a slash at the end; null: must be configured. */
  readonly baseUrl: string | null;
  /** Variable of the environment with keys of the operator, separated by commas; null: none. */
  readonly keyVariable: string | null;
  /** How a key is sent: value of `field` is `prefix` and the key. Tokens of OAuth are always a bearer. */
  readonly key: { readonly field: string; readonly prefix: string };
  /** Whether tokens of OAuth that clients bring may be sent to it. */
  readonly oauth: boolean;
  /** Formats of chat it speaks, the one for translated requests first. */
  readonly formats: readonly [FormatName, ...FormatName[]];
  readonly dialect: Dialect;
  /** Author in `author/model` whose models it serves under the name without the author; null: it has no author. */
  readonly author: string | null;
  /** Serves models of all authors, under `author/model`. */
  readonly allAuthors: boolean;
  /** Whether it may be used without any credential: servers on the operator's own machines. */
  readonly keyless: boolean;
  /** Request field → value, for requests that do not bring the field. */
  readonly fields: Readonly<Record<string, string>>;
  /** Request field → variable of the environment with its value. */
  readonly fieldVariables: Readonly<Record<string, string>>;
  /** Path below the base URL, with `{model}` where the path names the model; absent: not offered. */
  readonly operations: Readonly<Partial<Record<Operation, string>>>;
}

const BEARER = { field: "authorization", prefix: "Bearer " } as const;

/** Of servers that are compatible with OpenAI: a server answers 404 to those it does not have. */
const OPENAI_OPERATIONS = {
  models: "/models",
  completions: "/completions",
  embeddings: "/embeddings",
  moderations: "/moderations",
  images: "/images",
  audio: "/audio",
  files: "/files",
  batches: "/batches",
  fineTuning: "/fine_tuning",
} as const;

const OPENAI: KindFacts = {
  baseUrl: "https://api.openai.com/v1",
  keyVariable: "OPENAI_API_KEY",
  key: BEARER,
  oauth: false,
  formats: ["openai-chat", "openai-responses"],
  dialect: {
    maxTokensField: "max_completion_tokens",
    developerRole: true,
    streamUsage: true,
    reasoning: "reasoning_effort",
    callIds: "openai",
    genuine: true,
    remoteUrls: true,
  },
  author: "openai",
  allAuthors: false,
  keyless: false,
  fields: {},
  fieldVariables: {},
  operations: {
    ...OPENAI_OPERATIONS,
    countTokens: "/responses/input_tokens",
    videos: "/videos",
    uploads: "/uploads",
    responses: "/responses",
    conversations: "/conversations",
    containers: "/containers",
    vectorStores: "/vector_stores",
    storedChats: "/chat/completions",
  },
};

const ANTHROPIC: KindFacts = {
  ...OPENAI,
  baseUrl: "https://api.anthropic.com",
  keyVariable: "ANTHROPIC_API_KEY",
  key: { field: "x-api-key", prefix: "" },
  oauth: true,
  formats: ["anthropic-messages"],
  author: "anthropic",
  fields: { "anthropic-version": "2023-06-01" },
  operations: {
    models: "/v1/models",
    countTokens: "/v1/messages/count_tokens",
    batches: "/v1/messages/batches",
    files: "/v1/files",
    skills: "/v1/skills",
  },
};

const GEMINI: KindFacts = {
  ...OPENAI,
  baseUrl: "https://generativelanguage.googleapis.com",
  keyVariable: "GEMINI_API_KEY",
  key: { field: "x-goog-api-key", prefix: "" },
  oauth: true,
  formats: ["gemini"],
  dialect: { ...OPENAI.dialect, remoteUrls: false },
  author: "google",
  operations: {
    models: "/v1beta/models",
    countTokens: "/v1beta/models/{model}:countTokens",
    embeddings: "/v1beta/models/{model}:embedContent",
    batches: "/v1beta/batches",
    files: "/v1beta/files",
    uploads: "/upload/v1beta/files",
    cachedContents: "/v1beta/cachedContents",
    interactions: "/v1beta/interactions",
    longRunning: "/v1beta/models",
  },
};

/** Of servers that take what Chat Completions was before OpenAI's own models changed it. */
const COMPATIBLE_DIALECT: Dialect = {
  ...OPENAI.dialect,
  maxTokensField: "max_tokens",
  developerRole: false,
  genuine: false,
};

const OPENROUTER: KindFacts = {
  ...OPENAI,
  baseUrl: "https://openrouter.ai/api/v1",
  keyVariable: "OPENROUTER_API_KEY",
  formats: ["openai-chat"],
  dialect: { ...COMPATIBLE_DIALECT, reasoning: "openrouter" },
  author: null,
  allAuthors: true,
  fieldVariables: { "http-referer": "HTTP_REFERER", "x-title": "X_TITLE" },
  operations: { models: "/models", completions: "/completions", embeddings: "/embeddings" },
};

const COMPATIBLE: KindFacts = {
  ...OPENAI,
  baseUrl: null,
  keyVariable: null,
  formats: ["openai-chat"],
  dialect: COMPATIBLE_DIALECT,
  author: null,
  keyless: true,
  operations: OPENAI_OPERATIONS,
};

/** `llm.providers.<id>.kind` → what it implies: a new kind is one entry. */
export const PROVIDER_KINDS = {
  openai: OPENAI,
  anthropic: ANTHROPIC,
  gemini: GEMINI,
  openrouter: OPENROUTER,
  openaiCompatible: COMPATIBLE,
} as const satisfies Record<string, KindFacts>;

/** A kind of provider. */
export type ProviderKind = keyof typeof PROVIDER_KINDS;
