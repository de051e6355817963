// Who answers each question that a data plane is asked.
import type { Listeners } from "../../adapters/listeners.ts";
import type { About, AnswerTo, Question, Statistics } from "../../core/questions.ts";
import type { Pipeline } from "../../gateway/handle.ts";
import type { CompiledSnapshot } from "../../snapshot/compile.ts";
import type { Runtime } from "../../snapshot/runtime.ts";
import type { ProcessLogs } from "../process-logs.ts";
import { reportCircuits, resetCircuits } from "./circuits.ts";
import { changeLimit, reportLimit } from "./limits.ts";
import { changeInstance, reportServices } from "./services.ts";

/** What the answers are found in. */
interface AnswerSources {
  readonly runtime: Runtime;
  readonly logs: ProcessLogs;
  readonly listeners: Listeners;
  readonly pipeline: Pipeline;
  /** The snapshot in effect; not called before there is one. */
  snapshot(): CompiledSnapshot;
}

/** Question → how it is answered. */
export type Answers = { readonly [Q in Question]: (about: About<Q>) => AnswerTo<Q> | Promise<AnswerTo<Q>> };

/** The answers of one data plane. */
export function answersOf(sources: AnswerSources): Answers {
  const { runtime, logs, snapshot } = sources;
  return {
    status: () => ({ ready: runtime.live.current?.draining === false }),
    statistics: () => statistics(sources),
    metrics: async () => (await runtime.exposition()).families(),
    filters: () => snapshot().routes.map(({ filters }) => filters.map(({ name }) => name)),
    services: (name) => reportServices(snapshot().services, name),
    changeInstance: (change) => changeInstance(snapshot().services, change),
    circuits: () => reportCircuits(runtime.breakers),
    resetCircuits: (name) => resetCircuits(runtime.breakers, name),
    limits: () => snapshot().limits.map(reportLimit),
    changeLimit: (change) => changeLimit(snapshot().limits, change),
    models: () => snapshot().models(),
    setLogLevel: (level) => {
      logs.app.setLevel(level);
      return null;
    },
  };
}

function statistics({ runtime: { streams }, listeners, pipeline, snapshot }: AnswerSources): Statistics {
  const { services, routes } = snapshot();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return {
    requests: pipeline.total,
    active: pipeline.active,
    services: services.size,
    routes: routes.length,
    memory: { rss, heapTotal, heapUsed, external },
    connections: {
      http: listeners.connectionsOf("http"),
      websocket: streams.count("websocket"),
      sse: streams.count("sse"),
      grpc: listeners.connectionsOf("grpc"),
    },
  };
}
