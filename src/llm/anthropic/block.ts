// What requests to providers are made of.

/** A block of content, a tool, or a text of the system prompt, while it is being written. */
export type Block = Record<string, unknown>;
