// A client that is not there: for requests that are only thought through, and the base of clients that can be answered only.
import type { BodyReceiver, Downstream, RequestBody, StreamLimits, UpgradedSocket, Upstream } from "./edges.ts";

/** No body, complete from the beginning. */
export const NO_BODY: RequestBody = {
  length: 0,
  complete: true,
  bytes: 0,
  limit: () => undefined,
  start: (_to: BodyReceiver) => undefined,
  resume: () => undefined,
};

/** What a connector gives back for what never became a request. */
export const NULL_UPSTREAM: Upstream = { resume: () => undefined, abort: () => undefined };

/** Drops everything written to it. */
export class NullDownstream implements Downstream {
  readonly body = NO_BODY;
  interim(_status: number, _fields: readonly string[]): void {}
  head(_status: number, _reason: string, _fields: string[], _length: number): void {}
  write(_chunk: Buffer, _release: (() => void) | null): boolean {
    return true;
  }
  end(_last: Buffer | null, _trailers: readonly string[]): void {}
  flush(): void {}
  answer(_status: number, _fields: readonly string[], _body: string | Buffer, _close: boolean): void {}
  stream(_limits: StreamLimits): void {}
  switch(_fields: readonly string[]): UpgradedSocket | null {
    return null;
  }
  closeAfter(): void {}
  abort(): void {}
}
