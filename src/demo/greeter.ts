// The methods of the demo's Greeter: one of each kind, and names that fail on purpose.
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import {
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";

interface Named {
  readonly name: string;
}

interface HelloReply {
  readonly message: string;
  readonly served_by: string;
  readonly number: number;
}

interface ListRequest extends Named {
  readonly count?: number;
  readonly interval_ms?: number;
}

interface CollectReply {
  readonly message: string;
  readonly count: number;
  readonly names: readonly string[];
}

interface ChatMessage {
  readonly from: string;
  readonly text: string;
}

/** What the methods need of a call, whatever its kind. */
interface Call extends NodeJS.EventEmitter {
  readonly cancelled: boolean;
  getDeadline(): Date | number;
}

const MAX_SLOW_MS = 60_000;
const MAX_INTERVAL_MS = 60_000;
const MAX_GREETINGS = 100_000;
const MAX_NAMES = 10_000;
const GREETINGS = 3;
const INTERVAL_MS = 200;

/** A status other than OK; grpc-js sends `code` and `details`. */
class Refusal extends Error {
  readonly code: status;
  readonly details: string;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

/**
 * The methods, by name.
 * @param servedBy address of this server, for the replies
 */
export function greeterMethods(servedBy: () => string): UntypedServiceImplementation {
  const greet = (name: string, number: number): HelloReply => {
    return { message: `Hello, ${name}!`, served_by: servedBy(), number };
  };
  return {
    SayHello(call: ServerUnaryCall<Named, HelloReply>, reply: sendUnaryData<HelloReply>) {
      answer(call, reply, async (gone) => {
        await receive(call, call.request.name, gone);
        return greet(call.request.name, 1);
      });
    },
    CollectNames(call: ServerReadableStream<Named, CollectReply>, reply: sendUnaryData<CollectReply>) {
      answer(call, reply, (gone) => collect(call, gone));
    },
    ListGreetings(call: ServerWritableStream<ListRequest, HelloReply>) {
      stream(call, (gone) => list(call, greet, gone));
    },
    Chat(call: ServerDuplexStream<ChatMessage, ChatMessage>) {
      stream(call, (gone) => chat(call, gone));
    },
  };
}

/** Runs a method that has one reply. */
function answer<Reply>(call: Call, reply: sendUnaryData<Reply>, method: (gone: AbortSignal) => Promise<Reply>): void {
  method(goneSignal(call)).then(
    (content) => reply(null, content),
    (error: Error) => reply(error),
  );
}

/** Runs a method that has a stream of replies. */
function stream(
  call: ServerWritableStream<ListRequest, HelloReply> | ServerDuplexStream<ChatMessage, ChatMessage>,
  method: (gone: AbortSignal) => Promise<void>,
): void {
  // A cancelled call ends with an error event of its own kind, and there is no client to send a status to.
  method(goneSignal(call)).then(
    () => call.end(),
    (error: Error) => call.cancelled || call.emit("error", error),
  );
}

/** Fires when the client has gone, or the deadline has passed. */
function goneSignal(call: Call): AbortSignal {
  const controller = new AbortController();
  call.once("cancelled", () => controller.abort());
  return controller.signal;
}

/** Lets a name in, or refuses it. */
async function receive(call: Call, name: string, gone: AbortSignal): Promise<void> {
  if (name === "") throw new Refusal(status.INVALID_ARGUMENT, "name must not be empty");
  if (name === "nobody") throw new Refusal(status.NOT_FOUND, "there is nobody to greet");
  if (name !== "slow") return;
  const left = Number(call.getDeadline()) - Date.now();
  await pause(Math.max(0, Math.min(left, MAX_SLOW_MS)), undefined, { signal: gone });
  throw new Refusal(status.DEADLINE_EXCEEDED, "this name is slow on purpose");
}

async function list(
  call: ServerWritableStream<ListRequest, HelloReply>,
  greet: (name: string, number: number) => HelloReply,
  gone: AbortSignal,
): Promise<void> {
  const { name, count = GREETINGS, interval_ms: intervalMs = INTERVAL_MS } = call.request;
  await receive(call, name, gone);
  within("count", count, MAX_GREETINGS);
  within("interval_ms", intervalMs, MAX_INTERVAL_MS);
  for (let number = 1; number <= count; number++) {
    if (number > 1 && intervalMs > 0) await pause(intervalMs, undefined, { signal: gone });
    await write(call, greet(name, number), gone);
  }
}

async function collect(call: ServerReadableStream<Named, CollectReply>, gone: AbortSignal): Promise<CollectReply> {
  const names: string[] = [];
  for await (const { name } of call.iterator({ destroyOnReturn: false }) as AsyncIterable<Named>) {
    await receive(call, name, gone);
    if (names.push(name) > MAX_NAMES) throw new Refusal(status.RESOURCE_EXHAUSTED, `at most ${MAX_NAMES} names`);
  }
  return { message: `Hello, ${names.join(", ") || "whoever you are"}!`, count: names.length, names };
}

async function chat(call: ServerDuplexStream<ChatMessage, ChatMessage>, gone: AbortSignal): Promise<void> {
  for await (const { from, text } of call.iterator({ destroyOnReturn: false }) as AsyncIterable<ChatMessage>) {
    await receive(call, from, gone);
    await write(call, { from: "greeter", text: `${from} said: ${text}` }, gone);
  }
}

function within(field: string, value: number, most: number): void {
  if (value >= 0 && value <= most) return;
  throw new Refusal(status.INVALID_ARGUMENT, `${field} must be from 0 to ${most}`);
}

/** Writes, and waits while the client does not read. */
async function write<Reply>(
  call: { write(reply: Reply): boolean } & NodeJS.EventEmitter,
  reply: Reply,
  gone: AbortSignal,
): Promise<void> {
  if (!call.write(reply)) await once(call, "drain", { signal: gone });
}
