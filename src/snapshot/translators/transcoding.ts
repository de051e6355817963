// A rule's descriptors and mappings → the translator of its JSON clients.
import { credentials } from "@grpc/grpc-js";
import type { RuleConfig } from "../../config/config.ts";
import { backendOf } from "../../config/meaning/backends.ts";
import { ConfigError, oneLine, type Problem } from "../../config/text/problem.ts";
import type { Translator } from "../../core/translator.ts";
import { BackendCredentials } from "../../translators/grpc-json/descriptors/backend-credentials.ts";
import { DescriptorHub, type LastGood } from "../../translators/grpc-json/descriptors/descriptor-hub.ts";
import { PolledSource } from "../../translators/grpc-json/descriptors/polled-source.ts";
import { reflect } from "../../translators/grpc-json/descriptors/reflection.ts";
import { fetchDescriptors } from "../../translators/grpc-json/descriptors/url-source.ts";
import { JsonTranslator } from "../../translators/grpc-json/translator.ts";
import { addressText } from "../../wire/authority.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";
import { ClientSettings } from "../services/client-options.ts";
import { fileSets, readSets } from "./descriptor-sets.ts";
import { faultProblems, poolProblem } from "./transcoding-problems.ts";

/** Time for one round of reflection, ms. */
const REFLECTION_MS = 10_000;
/** Where problems are shown without the lines they are in. */
const NO_TEXTS: ReadonlyMap<string, string> = new Map();

/**
 * Makes the translator of one rule.
 * @throws ConfigError when descriptors or mappings are to be refused
 */
export function jsonTranslator(build: Build, rule: RuleConfig): Translator {
  const { config, leases } = build;
  const { log } = build.runtime;
  const failed = (error: Error) =>
    log.error("gRPC descriptors cannot be used", { rule: rule.id, reason: error.message });
  const lastGood = leases.lease<LastGood>(
    `last-good-descriptors|${rule.id}`,
    () => ({ pool: null }),
    () => undefined,
  );
  const described = fileSets(config, rule);
  const sources = urlSources(build);
  const { enableReflection } = backendOf(config, rule.serviceName).grpc;
  if (described.length === 0 && sources.length === 0 && enableReflection) {
    sources.push(...reflectionSources(build, rule));
  }
  // The same descriptions make the same pool: a reload that does not touch them costs nothing.
  const key = [rule.id, ...described.map((set) => set.key), ...sources.map((source) => source.name)];
  const hub = leases.lease(
    `descriptors|${digest(key)}`,
    () => {
      const refused = (problem: Problem) => {
        if (problem.severity === "error") throw new ConfigError([problem], NO_TEXTS);
        failed(new Error(oneLine(problem)));
      };
      const unusable = (error: Error) => refused(poolProblem(config, rule, error));
      const sets = readSets(config, rule, described, refused);
      const fresh = new DescriptorHub(sets, sources, lastGood, sources.length === 0 ? unusable : failed);
      fresh.pool(); // now and not with the first request, so that faults are reported at once
      return fresh;
    },
    () => undefined,
  );
  // Fetched descriptors may have faults at any time; the bindings without faults are served.
  const { id } = rule;
  let loading = sources.length === 0;
  const translator = new JsonTranslator(
    rule.transcoding!,
    () => hub.pool(),
    ({ faults, warnings }) => {
      if (loading && faults.length > 0) throw new ConfigError(faultProblems(config, rule, faults), NO_TEXTS);
      for (const { message } of faults) log.error("gRPC transcoding", { rule: id, fault: message });
      for (const warning of warnings) log.warn("gRPC transcoding", { rule: id, warning });
    },
  );
  translator.prepare();
  loading = false;
  return translator;
}

function urlSources(build: Build): PolledSource[] {
  const { config } = build;
  const { grpc } = config.protocols;
  if (!grpc.enabled) return [];
  const everyMs = grpc.autoReload ? grpc.reloadInterval : 0;
  return grpc.descriptorSources.flatMap(({ urls, headers, timeout }) =>
    urls.map((url) =>
      polled(build, `${url}|${digest(headers)}|${timeout}`, url, everyMs, (signal) =>
        fetchDescriptors(url, headers, timeout, signal),
      ),
    ),
  );
}

function reflectionSources(build: Build, rule: RuleConfig): PolledSource[] {
  const { config } = build;
  const { reloadInterval } = config.backend.grpc.descriptors;
  const service = config.services.find((s) => s.name === rule.serviceName);
  // All instances of a service run the same program, so that the first answer is taken.
  const endpoints = service?.endpoints.filter((e) => e.healthy) ?? [];
  if (endpoints.length === 0) return [];
  const { tls } = new ClientSettings(config).of(rule.serviceName).grpc.options;
  const secure = backendOf(config, rule.serviceName).grpc.tls.enabled;
  const name = `reflection of ${rule.serviceName}`;
  return [
    polled(build, `${name}|${digest(endpoints)}|${digest(tls)}`, name, reloadInterval, async (signal) => {
      let last: unknown;
      for (const { address, grpcPort, scheme } of endpoints) {
        try {
          return await reflect({
            address: addressText({ address, port: grpcPort }),
            credentials:
              secure || scheme === "https" ? new BackendCredentials(address, tls) : credentials.createInsecure(),
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
  { runtime, leases }: Build,
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
