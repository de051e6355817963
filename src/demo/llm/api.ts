// What makes a mock provider speak the API of a real one.
import type { PromptCache } from "./answer/prompt-cache.ts";
import type { Pace } from "./converse.ts";
import type { Exchange } from "./exchange.ts";
import type { Refusal, WrittenRefusal } from "./rules/refusal.ts";

/** What the requests to one provider share. */
export interface ProviderState {
  readonly pace: Pace;
  readonly cache: PromptCache;
  /** Objects that clients have made, such as files and stored responses, by account and id; bounded. */
  readonly objects: Objects;
}

/** Objects by account and id. */
export interface Objects {
  put(account: string, id: string, object: unknown): void;
  /** undefined: the account has none of that id. */
  get(account: string, id: string): unknown;
  /** @returns whether it was there */
  remove(account: string, id: string): boolean;
  /** All of an account whose id begins so. */
  list(account: string, prefix: string): readonly unknown[];
}

/** Answers a request. @param found the match of its path @throws Refusal */
export type Handler = (exchange: Exchange, found: RegExpExecArray, state: ProviderState) => void | Promise<void>;

/** Method, path, and what answers. */
export type Route = readonly [method: string, path: RegExp, handler: Handler];

/** The API of one kind of provider. */
export interface Api {
  readonly title: string;
  readonly routes: readonly Route[];
  /** The account of the key that came. @throws Refusal it is missing, wrong, or of another provider */
  authenticate(exchange: Exchange): string;
  /** Fields of every answer. */
  ownFields(requestId: string): Readonly<Record<string, string>>;
  writeRefusal(refusal: Refusal, requestId: string): WrittenRefusal;
}
