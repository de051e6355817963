// The types and services known to a route, wrapped so that methods can be found by their usual names.
import {
  create,
  createFileRegistry,
  type DescMethod,
  type DescService,
  type FileRegistry,
  type Registry,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { builtInDescriptor, builtInDescriptors } from "../proto/sources.ts";
import { DescriptorError } from "./descriptor-error.ts";
import { mergeDescriptorSets, type NamedSet } from "./descriptor-set.ts";

/** Immutable; a change of descriptors makes a new pool. */
export class DescriptorPool {
  readonly registry: Registry;
  /** All services, by full name in alphabetical order. */
  readonly services: readonly DescService[];
  readonly #full = new Map<string, DescService>();
  /** Last part of the name → service; null when several share it. */
  readonly #short = new Map<string, DescService | null>();

  constructor(registry: FileRegistry) {
    this.registry = registry;
    const services: DescService[] = [];
    for (const type of registry) if (type.kind === "service") services.push(type);
    services.sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
    this.services = services;
    for (const service of services) {
      this.#full.set(service.typeName, service);
      this.#short.set(service.name, this.#short.has(service.name) ? null : service);
    }
  }

  /** By full name, or by its last part where only one service has it. */
  service(name: string): DescService | undefined {
    return this.#full.get(name) ?? this.#short.get(name) ?? undefined;
  }

  /** By service, as in {@link service}, and the method's name. */
  method(service: string, method: string): DescMethod | undefined {
    return this.service(service)?.methods.find(({ name }) => name === method);
  }

  /** `pkg.Service/Method` or `pkg.Service.Method`, the service as in {@link service}. */
  target(name: string): DescMethod | undefined {
    const plain = name.startsWith("/") ? name.slice(1) : name;
    const slash = plain.lastIndexOf("/");
    const cut = slash === -1 ? plain.lastIndexOf(".") : slash;
    return cut === -1 ? undefined : this.method(plain.slice(0, cut), plain.slice(cut + 1));
  }
}

/**
 * Builds a pool. The well-known types, `google.api` and `google.rpc` are in every pool.
 * @throws {DescriptorError} for sets that cannot be read, contradict each other or are incomplete
 */
export function createPool(sets: readonly NamedSet[]): DescriptorPool {
  const file = mergeDescriptorSets(sets, builtInDescriptors(), builtInDescriptor);
  try {
    return new DescriptorPool(createFileRegistry(create(FileDescriptorSetSchema, { file })));
  } catch (error) {
    throw new DescriptorError((error as Error).message);
  }
}
