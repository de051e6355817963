// A rule's descriptors and mappings → the translator of its JSON clients.

import { createHash } from "node:crypto";
import { credentials } from "@grpc/grpc-js";
import type { Config, RuleConfig } from "../config/config.ts";
import { plainPath } from "../config/descriptors.ts";
import { DescriptorHub, type LastGood } from "../connectors/grpc-json/descriptor-hub.ts";
import type { NamedSet } from "../connectors/grpc-json/descriptor-set.ts";
import { PolledSource } from "../connectors/grpc-json/polled-source.ts";
import { compileProtos } from "../connectors/grpc-json/proto-sources.ts";
import { reflect } from "../connectors/grpc-json/reflection.ts";
import type { JsonRule, MethodMapping, PrintOptions } from "../connectors/grpc-json/rule.ts";
import { JsonTranslator } from "../connectors/grpc-json/translator.ts";
import { fetchDescriptors } from "../connectors/grpc-json/url-source.ts";
import type { Translator } from "../core/edges.ts";
import type { LeaseHolder } from "../core/lease.ts";
import { bracketed } from "../wire/authority.ts";
import { http2Options } from "./client-options.ts";
import { digest } from "./digest.ts";
import type { Runtime } from "./runtime.ts";

/** Time for one round of reflection, ms. */
const REFLECTION_MS = 10_000;

/** Makes the translator of one rule. */
export function jsonTranslator(config: Config, rule: RuleConfig, runtime: Runtime, leases: LeaseHolder): Translator {
  const { log } = runtime;
  const failed = (error: Error) =>
    log.error("gRPC descriptors cannot be used", { rule: rule.id, reason: error.message });
  const lastGood = leases.lease<LastGood>(
    `last-good-descriptors|${rule.id}`,
    () => ({ pool: null }),
    () => undefined,
  );
  const described = fileSets(config, rule);
  const sources = urlSources(config, runtime, leases);
  const { enableReflection, descriptors } = config.written.backend.grpc;
  if (described.length === 0 && sources.length === 0 && enableReflection) {
    sources.push(...reflectionSources(config, rule, runtime, leases));
  }
  // The same descriptions make the same pool: a reload that does not touch them costs nothing.
  const key = [rule.id, ...described.map((set) => set.key), ...sources.map((source) => source.name)];
  const hub = leases.lease(
    `descriptors|${digest(key)}`,
    () => {
      const strict = (error: Error) => {
        if (descriptors.failOnError) throw error;
        failed(error);
      };
      const sets = described.flatMap((set) => made(set, strict));
      const fresh = new DescriptorHub(sets, sources, lastGood, sources.length === 0 ? strict : failed);
      fresh.pool(); // now, and not with the first request: what is wrong is said at once
      return fresh;
    },
    () => undefined,
  );
  return new JsonTranslator(
    jsonRule(config, rule),
    () => hub.pool(),
    (warning) => log.warn("gRPC transcoding", { rule: rule.id, warning }),
  );
}

/** A set that can be made, and what tells it from others. */
interface Described {
  readonly name: string;
  readonly key: string;
  make(): Uint8Array;
}

function made(set: Described, failed: (error: Error) => void): NamedSet[] {
  try {
    return [{ name: set.name, bytes: set.make() }];
  } catch (error) {
    failed(error as Error);
    return [];
  }
}

/** In the order of precedence: the rule's own, then what is common to all. */
function fileSets(config: Config, rule: RuleConfig): Described[] {
  const { contents, directories, digest: digestOfAll } = config.descriptors;
  const sets: Described[] = [];
  const add = (path: string) => {
    const bytes = contents.get(path);
    if (bytes === undefined || sets.some((set) => set.name === path)) return;
    sets.push({ name: path, key: `${path}|${hash(bytes)}`, make: () => bytes });
  };
  const addFolder = (folder: string) => directories.get(folder)?.forEach(add);
  const { grpc } = rule.written;
  if (grpc !== null) {
    const base64 = grpc.protoDescriptorBase64.replaceAll(/\s+/g, "");
    if (base64 !== "") {
      sets.push({
        name: `${rule.id}: protoDescriptorBase64`,
        key: digest(base64),
        make: () => Buffer.from(base64, "base64"),
      });
    } else if (grpc.protoDescriptor !== "") add(grpc.protoDescriptor);
    if (grpc.protoFiles.length > 0) {
      const { protoFiles: files, importPaths } = grpc;
      sets.push({
        name: `${rule.id}: protoFiles`,
        // Which of all sources are imported shows only when they are parsed.
        key: `${digest([files, importPaths])}|${digestOfAll}`,
        make: () => compileProtos({ files, importPaths, read: (path) => contents.get(path) }),
      });
    }
    grpc.dynamicDescriptors.files.forEach(add);
    grpc.dynamicDescriptors.directories.forEach(addFolder);
  }
  const global = config.written.backend.grpc.descriptors;
  global.descriptorFiles.forEach(add);
  global.descriptorDirs.forEach(addFolder);
  const { protocols } = config.written;
  if (!protocols.grpc.enabled) return sets;
  for (const path of protocols.grpc.descriptorSources.flatMap((source) => source.paths)) {
    add(plainPath(path));
    addFolder(plainPath(path));
  }
  return sets;
}

function urlSources(config: Config, runtime: Runtime, leases: LeaseHolder): PolledSource[] {
  const { grpc } = config.written.protocols;
  if (!grpc.enabled) return [];
  const everyMs = grpc.autoReload ? grpc.reloadInterval : 0;
  return grpc.descriptorSources.flatMap(({ urls, headers, timeout }) =>
    urls.map((url) =>
      polled(leases, runtime, `${url}|${digest(headers)}|${timeout}`, url, everyMs, (signal) =>
        fetchDescriptors(url, headers, timeout, signal),
      ),
    ),
  );
}

function reflectionSources(config: Config, rule: RuleConfig, runtime: Runtime, leases: LeaseHolder): PolledSource[] {
  const { reloadInterval } = config.written.backend.grpc.descriptors;
  const service = config.services.find((s) => s.name === rule.written.serviceName);
  // All instances of a service are the same program: the first that answers speaks for all.
  const endpoints = service?.endpoints.filter((e) => e.healthy) ?? [];
  if (endpoints.length === 0) return [];
  const { tls } = http2Options(config);
  const secure = config.written.backend.grpc.tls.enabled;
  const name = `reflection of ${rule.written.serviceName}`;
  return [
    polled(leases, runtime, `${name}|${digest(endpoints)}|${digest(tls)}`, name, reloadInterval, async (signal) => {
      let last: unknown;
      for (const { address, grpcPort, scheme } of endpoints) {
        const { ca, cert, key } = tls.material as Record<string, string | undefined>;
        const trusted = () =>
          credentials.createSsl(buffer(ca), buffer(key), buffer(cert), { rejectUnauthorized: tls.verify });
        try {
          return await reflect({
            address: `${bracketed(address)}:${grpcPort}`,
            credentials: secure || scheme === "https" ? trusted() : credentials.createInsecure(),
            deadlineMs: REFLECTION_MS,
            signal,
          });
        } catch (error) {
          last = error;
        }
      }
      throw last;
    }),
  ];
}

function polled(
  leases: LeaseHolder,
  runtime: Runtime,
  key: string,
  name: string,
  everyMs: number,
  fetch: (signal: AbortSignal) => Promise<Uint8Array>,
): PolledSource {
  return leases.lease(
    `descriptor-source|${key}|${everyMs}`,
    () =>
      new PolledSource(name, fetch, everyMs, (error) =>
        runtime.log.warn("gRPC descriptors could not be fetched", { source: name, reason: error.message }),
      ),
    (source) => source.close(),
  );
}

function jsonRule(config: Config, rule: RuleConfig): JsonRule {
  const { grpc, transcoding } = rule.written;
  const { printOptions } = config.written.protocols.grpc.jsonTranscoding;
  const { maxMessageSize, maxCallSendMsgSize, maxCallRecvMsgSize } = config.written.backend.grpc;
  // Each direction has its own bound at the connector; here is only one, for both.
  const largest = Math.max(maxCallSendMsgSize || maxMessageSize, maxCallRecvMsgSize || maxMessageSize);
  return {
    prefix: rule.pattern.literalPrefix,
    mappings: [...mappings(grpc?.transcodingRules ?? {}), ...mappings(transcoding?.methodMappings ?? {})],
    pathMappings: Object.entries(transcoding?.pathMappings ?? {}),
    service: grpc?.service ?? "",
    method: grpc?.method ?? "",
    print: printOptions ?? DEFAULT_PRINT,
    maxMessageBytes: maxMessageSize === 0 ? NO_LIMIT : largest,
    ignoreUnknownFields: true,
  };
}

/** Without a block of its own. */
const DEFAULT_PRINT: PrintOptions = {
  addWhitespace: false,
  alwaysPrintPrimitiveFields: true,
  alwaysPrintEnumsAsInts: false,
  preserveProtoFieldNames: true,
};
const NO_LIMIT = 2 ** 31 - 1;

function mappings(written: Readonly<Record<string, string>>): MethodMapping[] {
  return Object.entries(written).map(([key, target]) => {
    const [method = "", template = ""] = key.trim().split(/\s+/);
    return { method: method.toUpperCase(), template, target };
  });
}

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

function buffer(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}
