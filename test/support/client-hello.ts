// The first message of a TLS client, for connections that go no further.
import { Duplex } from "node:stream";
import { type ConnectionOptions, connect } from "node:tls";
import { eventually } from "./setup.ts";

/** What Node sends first. */
export async function helloBytes(options: ConnectionOptions): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  const sink = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _, done) {
      bytes = Buffer.concat([bytes, chunk]);
      done();
    },
  });
  const client = connect({ ...options, socket: sink });
  client.on("error", () => undefined);
  await eventually("a first message is written", () => bytes.length > 0);
  client.destroy();
  return bytes;
}
