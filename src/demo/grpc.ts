// The demo's gRPC backend: the Greeter of protos/demo/greeter.proto, in clear text, with server reflection.
import { fileURLToPath } from "node:url";
import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { load } from "@grpc/proto-loader";
import { packageFile } from "../package-file.ts";
import { greeterMethods } from "./greeter.ts";
import { addReflection } from "./reflection.ts";
import { DEMO_HOST, type DemoServer, FAREWELL_MS } from "./server.ts";

const PROTOS = fileURLToPath(packageFile("protos"));
/** Fields keep the names the file gives them: reflection shows them to others. */
const READING = { keepCase: true, longs: String, enums: String, defaults: true, includeDirs: [PROTOS] };

/**
 * Starts it.
 * @throws Error when the port is taken
 */
export async function startGrpc(port: number): Promise<DemoServer> {
  const definition = await load("demo/greeter.proto", READING);
  const server = new Server();
  let bound = port;
  server.addService(
    definition["demo.v1.Greeter"] as ServiceDefinition,
    greeterMethods(() => `${DEMO_HOST}:${bound}`),
  );
  addReflection(server, definition);
  bound = await bind(server, port);
  let stopped: Promise<void> | null = null;
  return {
    title: "gRPC greeter",
    url: `grpc://${DEMO_HOST}:${bound}`,
    port: bound,
    stop() {
      stopped ??= end(server);
      return stopped;
    },
  };
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${DEMO_HOST}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), FAREWELL_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
