// Who is asking: the key of a request, and that no key of another provider came along.
import { digest } from "../answer/signature.ts";
import type { Exchange } from "../exchange.ts";
import { Refusal } from "./refusal.ts";

/** Whose key it is, by how it begins: the first that fits. */
const OWNERS: readonly (readonly [owner: KeyOwner, begins: RegExp])[] = [
  ["anthropic", /^sk-ant-/],
  ["openrouter", /^sk-or-/],
  ["gemini", /^(AIza|ya29\.)/],
  ["openai", /^sk-/],
];

/** Who issues keys of a known form. */
export type KeyOwner = "openai" | "anthropic" | "gemini" | "openrouter";

/** What is said of keys that hold one of these words, so that tests need no list of keys. */
const FATES: readonly (readonly [word: string, fate: () => Refusal])[] = [
  ["revoked", () => new Refusal("authentication", "")],
  ["forbidden", () => new Refusal("permission", "")],
  ["broke", () => new Refusal("billing", "")],
  ["spent", () => new Refusal("quota", "")],
  ["limited", () => new Refusal("rateLimit", "", null, null, 2)],
];

/** The owner of a key; null: it has no known form. */
export function ownerOf(key: string): KeyOwner | null {
  return OWNERS.find(([, begins]) => begins.test(key))?.[0] ?? null;
}

/** The key of a bearer; "" none. */
export function bearerOf(exchange: Exchange): string {
  return /^Bearer (\S+)$/i.exec(exchange.header("authorization"))?.[1] ?? "";
}

/** Refuses a request that holds a key of another provider in any field, or in its query. @throws Refusal */
export function refuseForeignKeys(exchange: Exchange, owner: KeyOwner | null): void {
  const values = [...exchange.fields, ...new URLSearchParams(exchange.query).values()];
  for (const value of values) {
    const found = ownerOf(value.replace(/^Bearer /i, ""));
    if (found !== null && found !== owner) throw new Refusal("authentication", "A key of another provider was sent.");
  }
}

/** The account of a key that is good. @throws Refusal the key says so */
export function accountOf(key: string): string {
  const fate = FATES.find(([word]) => key.includes(word));
  if (fate !== undefined) throw fate[1]();
  return digest(key).slice(0, 8);
}
