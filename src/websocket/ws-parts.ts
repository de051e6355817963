// The parts of `ws` that frame and unframe messages, as typed as we use them; its own types cover only its sockets.
import { createRequire } from "node:module";
import type { Writable } from "node:stream";

/** Turns bytes of one peer into messages; a Writable that emits what it finds. */
export interface FrameReceiver
  extends Pick<
    Writable,
    "write" | "end" | "destroyed" | "writableNeedDrain" | "writableLength" | "removeAllListeners"
  > {
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: "ping" | "pong", listener: (data: Buffer) => void): this;
  on(event: "conclude", listener: (code: number, reason: Buffer) => void): this;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): this;
  on(event: "drain" | "close", listener: () => void): this;
}

/** How a message is sent. */
interface SendOptions {
  readonly binary: boolean;
  readonly compress: boolean;
  readonly fin: boolean;
  readonly mask: boolean;
}

/** Turns messages into bytes for one peer. */
export interface FrameSender {
  send(data: Buffer, options: SendOptions, done: () => void): void;
  ping(data: Buffer, mask: boolean): void;
  pong(data: Buffer, mask: boolean): void;
  close(code: number | undefined, reason: Buffer | string, mask: boolean, done: () => void): void;
}

/** Where a sender writes to. */
interface FrameSink {
  /** Compressed messages that come late are dropped. */
  readonly destroyed: boolean;
  cork(): void;
  uncork(): void;
  write(chunk: Buffer, done?: () => void): boolean;
}

/** permessage-deflate (RFC 7692) of one side. */
export interface Deflate {
  readonly params: Readonly<Record<string, unknown>>;
  accept(offers: readonly unknown[]): unknown;
  cleanup(): void;
}

/** Extensions in use on one side, by name. */
export type Extensions = Readonly<Record<string, Deflate>>;

interface DeflateOptions {
  readonly isServer: boolean;
  readonly maxPayload: number;
  readonly threshold: number;
  readonly zlibDeflateOptions: { readonly level: number };
}

interface ReceiverOptions {
  readonly isServer: boolean;
  readonly extensions: Extensions;
  readonly maxPayload: number;
  readonly maxFragments: number;
}

/** Classes and functions of `ws`. */
interface Parts {
  readonly Receiver: new (options: ReceiverOptions) => FrameReceiver;
  readonly Sender: new (sink: FrameSink, extensions: Extensions) => FrameSender;
  readonly PerMessageDeflate: (new (options: DeflateOptions) => Deflate) & { readonly extensionName: string };
  readonly extension: {
    parse(header: string): Record<string, unknown[]>;
    format(extensions: Record<string, unknown>): string;
  };
}

const load = createRequire(import.meta.url);

/** What `ws` exports and its type declarations do not. Read on first use: a gateway of tunnels starts without it. */
export function framing(): Parts {
  return load("ws") as Parts;
}
