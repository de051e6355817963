// `cache_control`: at most four marks in a request, and those with a long lifetime first.
import type { CacheMark } from "../message/request.ts";
import type { Block } from "./block.ts";

/** Most marks of a request. */
const MOST = 4;
/** A mark of this lifetime or shorter, in s, is the provider's usual one. */
const SHORT = 300;

/** `cache_control` of a mark. */
export function cacheControl({ ttlSeconds }: CacheMark): object {
  return ttlSeconds > SHORT ? { type: "ephemeral", ttl: "1h" } : { type: "ephemeral" };
}

/**
 * Keeps the last marks, which cover most of the prompt, and lets none outlive one before it: the provider refuses both.
 * @param blocks in the order of the prompt: tools, system, messages
 * @param warnings gets `cache_control` if a mark was taken away
 */
export function limitMarks(blocks: readonly Block[], warnings: string[]): void {
  const marked = blocks.filter((block) => block.cache_control !== undefined);
  const extra = marked.length - MOST;
  if (extra > 0) warnings.push("cache_control");
  let longer: unknown;
  for (let index = marked.length - 1; index >= 0; index--) {
    const block = marked[index]!;
    if (index < extra) delete block.cache_control;
    else if (longer !== undefined) block.cache_control = longer;
    else if (isLong(block.cache_control)) longer = block.cache_control;
  }
}

function isLong(control: unknown): boolean {
  return typeof control === "object" && control !== null && "ttl" in control;
}
