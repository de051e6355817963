// Services and instances of several data planes as one: an instance is as well as it is where it is worst.
import type { InstanceReport, ServiceReport } from "../../core/questions.ts";
import { mergeByKey, sumOf, worstOf } from "./by-key.ts";

/** Services by name, their instances by id. */
export function mergeServices(answers: readonly (readonly ServiceReport[])[]): readonly ServiceReport[] {
  return mergeByKey(
    answers,
    ({ name }) => name,
    (services) => ({
      name: services[0]!.name,
      instances: mergeByKey(
        services.map(({ instances }) => instances),
        ({ spec }) => spec.id,
        mergeInstance,
      ),
    }),
  );
}

/** One instance, as several data planes see it. */
export function mergeInstance(reports: readonly InstanceReport[]): InstanceReport {
  const { spec, weight } = reports[0]!;
  return {
    spec,
    healthy: reports.every(({ healthy }) => healthy),
    failing: reports.some(({ failing }) => failing),
    obstacles: [...new Set(reports.flatMap(({ obstacles }) => obstacles))],
    check: worstOf(
      reports.map(({ check }) => check),
      ["unhealthy", "unknown", "healthy", null],
    ),
    weight,
    active: sumOf(reports, ({ active }) => active),
    attempts: sumOf(reports, ({ attempts }) => attempts),
    failures: sumOf(reports, ({ failures }) => failures),
    latencyMs: latencyOf(reports),
  };
}

/** Each data plane's average counts by the attempts it has seen; one without an answer yet does not count. */
function latencyOf(reports: readonly InstanceReport[]): number {
  const known = reports.filter(({ latencyMs }) => latencyMs >= 0);
  // An attempt that has been answered but has not ended is not among `attempts` yet.
  const weightOf = ({ attempts }: InstanceReport) => Math.max(1, attempts);
  if (known.length === 0) return -1;
  return sumOf(known, (report) => report.latencyMs * weightOf(report)) / sumOf(known, weightOf);
}
