// Which clients of a gRPC route need a translator. The JSON side is heavy and read only when a rule asks for it.
import type { Config, RuleConfig } from "../../config/config.ts";
import type { Problem } from "../../config/text/problem.ts";
import type { Translator } from "../../core/translator.ts";
import { ByContentType } from "../../translators/by-content-type.ts";
import { GrpcWebTranslator } from "../../translators/grpc-web/translator.ts";
import type { Build, Runtime } from "../runtime.ts";

/** Loads the JSON translator if a rule of `config` needs it. */
export async function prepareTranscoding(config: Config, runtime: Runtime): Promise<void> {
  if (runtime.transcoding !== null || !config.rules.some((rule) => rule.transcoding !== null)) return;
  const { jsonTranslator } = await import("./transcoding.ts");
  runtime.transcoding = jsonTranslator;
}

/** Faults in the descriptors and mappings of all rules, as far as they can be found without a network. */
export async function transcodingProblems(config: Config): Promise<Problem[]> {
  const rules = config.rules.filter((rule) => rule.transcoding !== null);
  if (rules.length === 0) return [];
  const { transcodingProblems: problemsOf } = await import("./transcoding-problems.ts");
  return rules.flatMap((rule) => problemsOf(config, rule));
}

/** The translator of a rule; null when only native gRPC passes. */
export function translatorFor(build: Build, rule: RuleConfig): Translator | null {
  const { config, runtime } = build;
  if (rule.protocol !== "grpc") return null;
  const web = config.frontend.grpc.web ? new GrpcWebTranslator(rule.pattern.literalPrefix) : null;
  const json = rule.transcoding !== null ? (runtime.transcoding?.(build, rule) ?? null) : null;
  return web === null && json === null ? null : new ByContentType(web, json);
}
