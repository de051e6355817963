// An observer of one request: it is notified of every event of the request, each exactly once.
import type { AttemptEnd } from "./attempt-end.ts";
import type { Endpoint } from "./endpoint.ts";

/** The record of one request: a span, a line of a live view, the log of a decision. */
export interface Trace {
  /** The request filters of the route are over. @param answer code or status of the filter that answered; null: it passed all */
  filtered(answer: string | number | null): void;
  /** An attempt begins. @param number from 1 @returns fields it is sent with, flat, such as `traceparent` */
  attempt(number: number, service: string, endpoint: Endpoint): readonly string[];
  /** An attempt has ended; told of every attempt, once. */
  ended(end: AttemptEnd): void;
  /** The request is over. @param status of the reply; 0: there was none */
  done(status: number): void;
}
