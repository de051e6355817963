// The PROXY header at the beginning of a connection of a load balancer, taken off its socket.
import type { Socket } from "node:net";
import type { ProxyHeaderFault } from "../core/proxy-header.ts";
import { type ProxyHeader, type ProxyHeaderState, readProxyHeader } from "../wire/proxy-header.ts";
import { firstBytes } from "./first-bytes.ts";

/** Told how it went, at most once. */
interface ProxyHeaderTaker {
  /** The next byte to read is the client's. @param source the client; null: the peer of the socket itself */
  taken(source: ProxyHeader["source"]): void;
  /** The socket is destroyed. Not called for a peer that leaves without a byte. @param detail for the log */
  failed(fault: ProxyHeaderFault, detail: string): void;
}

/** Reads exactly one header. @param timeoutMs until it must be complete */
export function takeProxyHeader(socket: Socket, timeoutMs: number, taker: ProxyHeaderTaker): void {
  let state: ProxyHeaderState = { is: "more" };
  let received = 0;
  const fail = (fault: ProxyHeaderFault, detail: string) => {
    release();
    socket.destroy();
    taker.failed(fault, detail);
  };
  const closed = () => {
    release();
    if (received > 0) taker.failed("closed", `after ${received} bytes of a header`);
  };
  const enough = (bytes: Buffer) => {
    received = bytes.length;
    state = readProxyHeader(bytes);
    return state.is !== "more";
  };
  const stop = firstBytes(socket, enough, () => {
    if (state.is === "malformed") return fail("malformed", state.reason);
    if (state.is !== "header") return fail("missing", "no PROXY header");
    release();
    socket.read(state.size);
    taker.taken(state.source);
  });
  const timer = setTimeout(() => fail("timeout", `${received} bytes of a header in ${timeoutMs} ms`), timeoutMs);
  socket.on("close", closed);
  const release = () => {
    clearTimeout(timer);
    socket.off("close", closed);
    stop();
  };
}
