// A client of the demo's Greeter, by grpc-js, and one of its reflection.
import { once } from "node:events";
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  type MethodDefinition,
  type requestCallback,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";

/** A message, read or to be sent. */
export type Reply = Readonly<Record<string, unknown>>;

const READING = { keepCase: true, defaults: true };
const GREETER = loadSync("demo/greeter.proto", { ...READING, includeDirs: ["protos"] });
const HTTP_RULE = loadSync("google/api/http.proto", { keepCase: true, includeDirs: ["protos"] })[
  "google.api.HttpRule"
] as MessageTypeDefinition<Reply, Reply>;
const HTTP_FIELD = 72295728;
const PATIENCE_MS = 10_000;

/** Calls the methods of the greeter; every call has a deadline. */
export class Greeter {
  readonly #client: Client;
  readonly #methods = GREETER["demo.v1.Greeter"] as ServiceDefinition;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure());
  }

  unary(method: string, request: Reply, withinMs = PATIENCE_MS): Promise<Reply> {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    const deadline = Date.now() + withinMs;
    return answerOf((done) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, done);
    });
  }

  /** Begins a call with a stream of replies. */
  start(method: string, request: Reply): ClientReadableStream<Reply> {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    const deadline = Date.now() + PATIENCE_MS;
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, { deadline });
  }

  async list(request: Reply): Promise<Reply[]> {
    const replies: Reply[] = [];
    for await (const reply of this.start("ListGreetings", request)) replies.push(reply as Reply);
    return replies;
  }

  collect(names: readonly string[]): Promise<Reply> {
    const { path, requestSerialize, responseDeserialize } = this.#method("CollectNames");
    const deadline = Date.now() + PATIENCE_MS;
    return answerOf((done) => {
      const call = this.#client.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { deadline },
        done,
      );
      for (const name of names) call.write({ name });
      call.end();
    });
  }

  chat(): ClientDuplexStream<Reply, Reply> {
    const { path, requestSerialize, responseDeserialize } = this.#method("Chat");
    const deadline = Date.now() + PATIENCE_MS;
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, { deadline });
  }

  close(): void {
    this.#client.close();
  }

  #method(name: string): MethodDefinition<Reply, Reply> {
    return this.#methods[name] as MethodDefinition<Reply, Reply>;
  }
}

function answerOf(begin: (done: requestCallback<Reply>) => void): Promise<Reply> {
  return new Promise((resolve, reject) => begin((error, reply) => (error === null ? resolve(reply!) : reject(error))));
}

/** What a server says about itself. */
export interface Reflected {
  readonly services: readonly string[];
  /** The file of its first service. */
  readonly file: FileDescriptorProto;
  /** Method of that service → its HTTP rule, where it has one. */
  readonly rules: Readonly<Record<string, Reply>>;
}

/** Asks for services and their file, by `v1` or `v1alpha`. */
export async function reflect(address: string, version: string): Promise<Reflected> {
  const folder = "node_modules/@grpc/reflection/build/proto";
  const definition = loadSync(`${folder}/grpc/reflection/${version}/reflection.proto`, READING);
  const service = definition[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = service.ServerReflectionInfo as MethodDefinition<
    Reply,
    Reply
  >;
  const client = new Client(address, credentials.createInsecure());
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, {
    deadline: Date.now() + PATIENCE_MS,
  });
  const ask = async (request: Reply) => {
    call.write(request);
    return (await once(call, "data"))[0] as Readonly<Record<string, Readonly<Record<string, unknown[]>>>>;
  };
  const listed = (await ask({ list_services: "*" })).list_services_response!.service as { name: string }[];
  const services = listed.map(({ name }) => name);
  const found = await ask({ file_containing_symbol: services[0] });
  call.end();
  client.close();
  const [bytes] = found.file_descriptor_response!.file_descriptor_proto as Uint8Array[];
  const file = fromBinary(FileDescriptorProtoSchema, bytes!);
  return { services, file, rules: rulesOf(file) };
}

function rulesOf(file: FileDescriptorProto): Record<string, Reply> {
  const rules: Record<string, Reply> = {};
  for (const method of file.service[0]!.method) {
    const field = method.options?.$unknown?.find(({ no }) => no === HTTP_FIELD);
    if (field === undefined) continue;
    rules[method.name] = HTTP_RULE.deserialize(Buffer.from(new BinaryReader(field.data).bytes()));
  }
  return rules;
}
