// Framing of streamed answers: server-sent events, or one JSON array.

/** Puts chunks one behind the other. */
export interface Frames {
  /** @param json of one chunk */
  chunk(json: string): string;
  /** Behind the last chunk. */
  end(): string;
}

/** One event; Google's own end in CR LF, and nothing but `data` stands in them. */
export function eventOf(json: string): string {
  return `data: ${json}\r\n\r\n`;
}

/** Server-sent events: the end is that of the response. */
export const EVENT_FRAMES: Frames = { chunk: eventOf, end: () => "" };

/** The elements of one array: each ends with a blank line, as an event does, so that one can be put behind any other. */
export class ArrayFrames implements Frames {
  #begun = false;

  chunk(json: string): string {
    const element = elementOf(json, this.#begun);
    this.#begun = true;
    return element;
  }

  end(): string {
    return this.#begun ? "]\r\n\r\n" : "[]\r\n\r\n";
  }
}

/** One element. @param begun whether there are others before it */
export function elementOf(json: string, begun: boolean): string {
  return `${begun ? "," : "["}${json}\r\n\r\n`;
}
