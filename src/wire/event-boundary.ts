// Finds the boundaries of events in an event stream (WHATWG HTML §9.2.6): LF, CR and CRLF all end a line.

const LF = 10;
const CR = 13;
const COLON = 58;

/** Follows the bytes of an event stream, in chunks that may end anywhere. */
export class EventBoundary {
  /** Events completed: fields ended by an empty line. Comments alone are none. */
  events = 0;
  /** Bytes since the last boundary. */
  pending = 0;
  /** Where in the bytes looked over last the last boundary is; 0 none. */
  lastEnd = 0;
  #lineEmpty = true;
  #isComment = false;
  /** No field has come since the last event; comments do not count. */
  #blockEmpty = true;
  #afterCr = false;

  /** Whether bytes inserted now would stand between two events, and not inside a line end. */
  get between(): boolean {
    return this.#lineEmpty && this.#blockEmpty;
  }

  /** Looks over the next bytes. */
  feed(chunk: Buffer): void {
    let pos = 0;
    const end = chunk.length;
    this.lastEnd = 0;
    // An LF that belongs to the CR at the end of the chunk before.
    if (this.#afterCr && end > 0) {
      this.#afterCr = false;
      if (chunk[0] === LF) {
        pos = 1;
        if (this.between) this.lastEnd = pos;
      }
    }
    while (pos < end) {
      let at = pos;
      while (at < end && chunk[at] !== LF && chunk[at] !== CR) at++;
      if (at > pos) {
        if (this.#lineEmpty) this.#isComment = chunk[pos] === COLON;
        this.#lineEmpty = false;
        this.pending += at - pos;
      }
      if (at === end) return;
      this.pending++;
      this.#endLine();
      pos = at + 1;
      if (chunk[at] === CR) {
        if (pos === end) this.#afterCr = true;
        else if (chunk[pos] === LF) pos++;
      }
      if (this.between) this.lastEnd = pos;
    }
  }

  #endLine(): void {
    if (this.#lineEmpty) {
      if (!this.#blockEmpty) this.events++;
      this.#blockEmpty = true;
    } else {
      this.#lineEmpty = true;
      if (!this.#isComment) this.#blockEmpty = false;
    }
    if (this.#blockEmpty) this.pending = 0;
  }
}
