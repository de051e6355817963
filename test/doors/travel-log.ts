// A toy trace: writes down what happens to each request, and tells backends which trace they are part of.
import type { AttemptEnd } from "../../src/core/attempt-end.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { Trace } from "../../src/core/trace.ts";

/** Keeps one line a moment. */
export class TravelLog implements Trace {
  readonly lines: string[] = [];
  readonly #id: string;
  /** Called when the request is over. */
  readonly #over: (log: TravelLog) => void;

  constructor(id: string, over: (log: TravelLog) => void) {
    this.#id = id;
    this.#over = over;
  }

  filtered(answer: string | number | null): void {
    this.lines.push(answer === null ? "passed the filters" : `answered by a filter: ${answer}`);
  }

  attempt(number: number, service: string, _endpoint: Endpoint): readonly string[] {
    this.lines.push(`attempt ${number} on ${service}`);
    return ["traceparent", `00-${this.#id}-${String(number).padStart(16, "0")}-01`];
  }

  ended({ number, outcome, status }: AttemptEnd): void {
    this.lines.push(`attempt ${number}: ${outcome} ${status}`);
  }

  done(status: number): void {
    this.lines.push(`done: ${status}`);
    this.#over(this);
  }
}
