// A gRPC backend of raw HTTP/2 frames that answers every call with the same message: as little as a backend can do.
import { createServer, type Socket } from "node:net";
import { Frames, headersFrame, messageFrame, openingFrames, PREFACE, Template } from "../load/http2-frames.ts";
import { MESSAGE } from "../message.ts";

const ANSWER = new Template([
  headersFrame(
    [
      [":status", "200"],
      ["content-type", "application/grpc"],
    ],
    false,
  ),
  messageFrame(MESSAGE, false),
  headersFrame(
    [
      ["grpc-status", "0"],
      ["grpc-message", ""],
    ],
    true,
  ),
]);

function serve(socket: Socket): void {
  const frames = new Frames(
    { data: () => undefined, ended: (stream) => frames.send(stream), broken: () => undefined },
    ANSWER,
  );
  let preface = PREFACE.length;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    const skipped = Math.min(preface, chunk.length);
    preface -= skipped;
    frames.take(skipped === 0 ? chunk : chunk.subarray(skipped));
    const out = frames.flush();
    if (out.length > 0) socket.write(out);
  });
  socket.write(openingFrames());
}

createServer({ noDelay: true }, serve).listen(Number(process.argv[2]), "127.0.0.1", 4096);
