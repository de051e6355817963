// Random numbers for balancers. Whole ones, because a fraction passed between functions would be allocated on the heap.

/** Uniform whole number in [0, {@link CHANCES}). */
export type RandomInt = () => number;

/** One more than the largest number of a {@link RandomInt}; a randomInt divided by it lies in [0, 1). */
export const CHANCES = 2 ** 31;

/** Marsaglia's xorshift with 32 bits: good enough to choose endpoints, never for secrets. @param seed whole, 32 bits */
export function randomIntOf(seed: number): RandomInt {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 1;
  };
}
