// Reads the PROXY header at the beginning of a connection and removes it from the socket.
import type { Socket } from "node:net";
import type { ProxyHeaderFault } from "../core/proxy-header.ts";
import { type ProxyHeader, type ProxyHeaderState, readProxyHeader } from "../wire/proxy-header.ts";
import { firstBytes } from "./first-bytes.ts";

/** Receives the result. At most one of its functions is called, once. */
interface ProxyHeaderTaker {
  /** The header has been consumed. @param source address of the client; null: that of the peer counts */
  taken(source: ProxyHeader["source"]): void;
  /** The socket has been destroyed. Not called for a peer that disconnects without sending a byte. @param detail for the log */
  failed(fault: ProxyHeaderFault, detail: string): void;
}

/** Reads exactly one header. @param timeoutMs longest wait for the complete header, ms */
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
