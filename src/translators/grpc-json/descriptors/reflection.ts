// Asks a running service for its descriptors (gRPC server reflection, v1 with v1alpha as fallback).
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type ChannelCredentials, Client, type ClientDuplexStream, status } from "@grpc/grpc-js";
import { builtInDescriptors } from "../proto/sources.ts";
import { DescriptorError } from "./descriptor-error.ts";
import { repairFiles } from "./reflected-files.ts";
import { type ReflectionAnswer, type ReflectionQuestion, readAnswer, writeQuestion } from "./reflection-messages.ts";

const SERVICES = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
/** Bounds of what is taken for the description of one service: files, and bytes of all of them and of one answer. */
const MAX_FILES = 2000;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** Where and how to ask. */
interface ReflectionTarget {
  /** `host:port`. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  /** For all questions together, ms. */
  readonly deadlineMs: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

type Call = ClientDuplexStream<ReflectionQuestion, ReflectionAnswer>;

/**
 * All files of all services of a server, with everything they import that it knows.
 * @returns a serialized FileDescriptorSet
 * @throws {DescriptorError} when the server does not answer in time, has no reflection, or says more than is believable
 */
export async function reflect(target: ReflectionTarget): Promise<Uint8Array> {
  const client = new Client(target.address, target.credentials, {
    "grpc.max_receive_message_length": MAX_ANSWER_BYTES,
  });
  const deadline = Date.now() + target.deadlineMs;
  try {
    for (const service of SERVICES) {
      const files = await ask(client, service, deadline, target);
      if (files !== null) {
        const file = repairFiles(files, builtInDescriptors());
        return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
      }
    }
    throw new DescriptorError(`${target.address}: the server offers no reflection`);
  } finally {
    client.close();
  }
}

/** @returns null when the server does not know this version of the service */
async function ask(
  client: Client,
  service: string,
  deadline: number,
  { address, signal }: ReflectionTarget,
): Promise<FileDescriptorProto[] | null> {
  const path = `/${service}/ServerReflectionInfo`;
  const call: Call = client.makeBidiStreamRequest(path, writeQuestion, readAnswer, { deadline });
  const cancel = (): void => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted === true) cancel();
  try {
    return await new Dialogue(call).files();
  } catch (error) {
    if ((error as { code?: unknown }).code === status.UNIMPLEMENTED) return null;
    throw new DescriptorError(`${address}: reflection failed: ${(error as Error).message}`);
  } finally {
    signal?.removeEventListener("abort", cancel);
    call.cancel();
  }
}

/** One stream of questions, each answered before the next is put. */
class Dialogue {
  readonly #call: Call;
  readonly #files = new Map<string, FileDescriptorProto>();
  #bytes = 0;
  #settle: { answer(answer: ReflectionAnswer): void; fail(error: Error): void } | null = null;
  #error: Error | null = null;

  constructor(call: Call) {
    this.#call = call;
    call.on("data", (answer: ReflectionAnswer) => this.#settle?.answer(answer));
    call.on("error", (error: Error) => this.#failed(error));
    call.on("end", () => this.#failed(new Error("the server ended the stream")));
  }

  async files(): Promise<FileDescriptorProto[]> {
    const { services, error } = await this.#put({ kind: "services" });
    if (error !== "") throw new Error(error);
    for (const name of services) {
      const answer = await this.#put({ kind: "symbol", name });
      if (answer.error !== "") throw new Error(`${name}: ${answer.error}`);
      this.#take(answer.files);
    }
    // Servers may send a file without its imports: those are asked for by name. What they do not know may be built in.
    const unknown = new Set<string>();
    for (let name = this.#missing(unknown); name !== undefined; name = this.#missing(unknown)) {
      const answer = await this.#put({ kind: "file", name });
      this.#take(answer.files);
      if (!this.#files.has(name)) unknown.add(name);
    }
    return [...this.#files.values()];
  }

  #missing(unknown: ReadonlySet<string>): string | undefined {
    for (const file of this.#files.values()) {
      const name = file.dependency.find((dependency) => !this.#files.has(dependency) && !unknown.has(dependency));
      if (name !== undefined) return name;
    }
    return undefined;
  }

  #take(files: readonly Uint8Array[]): void {
    for (const bytes of files) {
      this.#bytes += bytes.length;
      if (this.#bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes of descriptors`);
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      this.#files.set(file.name, file);
      if (this.#files.size > MAX_FILES) throw new Error(`more than ${MAX_FILES} files`);
    }
  }

  #put(question: ReflectionQuestion): Promise<ReflectionAnswer> {
    return new Promise((answer, fail) => {
      if (this.#error !== null) return fail(this.#error);
      this.#settle = { answer, fail };
      this.#call.write(question);
    });
  }

  #failed(error: Error): void {
    this.#error ??= error;
    this.#settle?.fail(this.#error);
  }
}
