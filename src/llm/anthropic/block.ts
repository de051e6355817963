// The type of content blocks that are being written.

/** A block of content, a tool, or a text of the system prompt, while it is being written. */
export type Block = Record<string, unknown>;
