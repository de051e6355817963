// What one would write without a gateway: a grpc-js server whose generic handler calls on with a grpc-js client, bytes unread.
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { METHOD_PATH } from "../message.ts";

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const client = new Client(`127.0.0.1:${upstreamPort}`, credentials.createInsecure());

function same(bytes: Buffer): Buffer {
  return bytes;
}

const service: ServiceDefinition = {
  Say: {
    path: METHOD_PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  },
};

function relay(call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void {
  const options = { deadline: call.getDeadline() };
  client
    .makeUnaryRequest(METHOD_PATH, same, same, call.request, call.metadata, options, (error, answer) => {
      if (error) reply(error);
      else reply(null, answer);
    })
    .on("metadata", (metadata) => call.sendMetadata(metadata));
}

const server = new Server();
server.addService(service, { Say: relay });
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
