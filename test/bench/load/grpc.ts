// gRPC load: unary calls as raw HTTP/2 frames over a few connections, always the same number under way.
import { MESSAGE, METHOD_PATH } from "../message.ts";
import { Frames, headersFrame, messageFrame, openingFrames, PREFACE, Template } from "./http2-frames.ts";
import { openLine } from "./open-socket.ts";
import { giveUp, type Orders, readOrders, Window } from "./window.ts";

const CONNECTIONS = 4;
const MESSAGE_BYTES = MESSAGE.length + 5;

/** What a client library sends, with a deadline and one field of metadata. */
const CALL = new Template([
  headersFrame(
    [
      [":method", "POST"],
      [":scheme", "http"],
      [":path", METHOD_PATH],
      [":authority", "bench"],
      ["te", "trailers"],
      ["content-type", "application/grpc"],
      ["user-agent", "bench/1"],
      ["grpc-timeout", "20S"],
      ["x-tenant", "blue"],
    ],
    false,
  ),
  messageFrame(MESSAGE, true),
]);

async function open(orders: Orders, n: number, window: Window): Promise<void> {
  const line = await openLine(orders.port, n, (why) => window.wrong(why));
  const calls = new Map<number, { readonly at: number; bytes: number }>();
  let id = 1;
  const call = () => {
    calls.set(id, { at: performance.now(), bytes: 0 });
    frames.send(id);
    id += 2;
  };
  const frames = new Frames(
    {
      data(stream, bytes) {
        const mine = calls.get(stream);
        if (mine !== undefined) mine.bytes += bytes;
      },
      ended(stream) {
        const mine = calls.get(stream);
        calls.delete(stream);
        if (mine === undefined || mine.bytes !== MESSAGE_BYTES)
          window.wrong(`a call answered with ${mine?.bytes} bytes`);
        else window.done(1, performance.now() - mine.at);
        call();
      },
      broken: (what) => window.wrong(what),
    },
    CALL,
  );
  const flush = () => {
    const out = frames.flush();
    if (out.length > 0) line.socket.write(out);
  };
  line.read = (buffer, length) => {
    frames.take(buffer.subarray(0, length));
    flush();
  };
  line.socket.write(Buffer.concat([PREFACE, openingFrames()]));
  for (let under = 0; under < orders.connections / CONNECTIONS; under++) call();
  flush();
}

async function main(): Promise<void> {
  const orders = readOrders();
  const window = new Window(orders);
  for (let n = 0; n < CONNECTIONS; n++) await open(orders, n, window);
  await window.run();
}

main().catch(giveUp);
