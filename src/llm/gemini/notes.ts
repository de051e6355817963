// What of a request other providers cannot express.

/** Names of fields, each once. */
export class Notes {
  /** Only Gemini can serve them. */
  readonly nativeOnly = new Set<string>();
  /** Left out elsewhere, with a warning. */
  readonly droppable = new Set<string>();
}
