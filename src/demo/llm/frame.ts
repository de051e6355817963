// The pieces a streamed answer is made of.

/** What an event is for; commands act on events by this. */
export type FrameRole =
  /** Before any content. */
  | "start"
  /** Something the client would miss. */
  | "content"
  /** Why the answer ends. */
  | "finish"
  /** Tokens, apart from other events. */
  | "usage"
  /** The very last. */
  | "end";

/** One event as it goes over the wire, with its blank line. */
export interface Frame {
  readonly role: FrameRole;
  readonly text: string;
}

/** An event without a name. */
export function dataFrame(role: FrameRole, data: unknown): Frame {
  return { role, text: `data: ${JSON.stringify(data)}\n\n` };
}

/** An event whose name is the `type` of its data. */
export function namedFrame(role: FrameRole, data: Readonly<Record<string, unknown>>): Frame {
  return { role, text: `event: ${String(data.type)}\ndata: ${JSON.stringify(data)}\n\n` };
}

/** Pieces of a text, cut before blanks, as models generate it; none of "". */
export function pieces(text: string): readonly string[] {
  return text.match(/\s*\S{1,12}|\s+$/g) ?? [];
}
