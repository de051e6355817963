// Several data planes as if they were one: each is asked, and what they answer becomes one answer.
import type { About, AnswerTo, Ask, PlaneStatus, Question, Statistics } from "../../core/questions.ts";
import { mergeCircuits, mergeResets } from "./circuits.ts";
import { mergeLimit, mergeLimits } from "./limits.ts";
import { mergeMetrics } from "./metrics.ts";
import { mergeModels } from "./models.ts";
import { mergeInstance, mergeServices } from "./services.ts";

/** Question → how two answers or more become one. */
type Merges = { readonly [Q in Question]: (answers: readonly AnswerTo<Q>[]) => AnswerTo<Q> };

const MERGES: Merges = {
  status: mergeStatus,
  statistics: mergeStatistics,
  metrics: mergeMetrics,
  // Which filters a rule has is the same wherever its configuration runs.
  filters: ([first]) => first!,
  services: mergeServices,
  changeInstance: (answers) => mergeFound(answers, mergeInstance),
  circuits: mergeCircuits,
  resetCircuits: mergeResets,
  limits: mergeLimits,
  changeLimit: (answers) => mergeFound(answers, mergeLimit),
  models: mergeModels,
  setLogLevel: () => null,
};

/** Asks all of them. The answer of one alone is left as it is. @param planes at least one */
export function askAll(planes: readonly { readonly ask: Ask }[]): Ask {
  return async (question, about) => merge(question, await all(planes, question, about));
}

function all<Q extends Question>(
  planes: readonly { readonly ask: Ask }[],
  question: Q,
  about: About<Q>,
): Promise<AnswerTo<Q>[]> {
  return Promise.all(planes.map((plane) => plane.ask(question, about)));
}

/** @param answers at least one */
export function merge<Q extends Question>(question: Q, answers: readonly AnswerTo<Q>[]): AnswerTo<Q> {
  return answers.length === 1 ? answers[0]! : MERGES[question](answers);
}

/** While one is not ready, the gateway is not. */
function mergeStatus(answers: readonly PlaneStatus[]): PlaneStatus {
  return { ready: answers.every(({ ready }) => ready) };
}

/** Work and memory add up; services and routes are the same everywhere but for the moment of a reload. */
function mergeStatistics(answers: readonly Statistics[]): Statistics {
  const sum = (value: (of: Statistics) => number) => answers.reduce((total, answer) => total + value(answer), 0);
  const most = (value: (of: Statistics) => number) => Math.max(...answers.map(value));
  return {
    requests: sum((s) => s.requests),
    active: sum((s) => s.active),
    services: most((s) => s.services),
    routes: most((s) => s.routes),
    memory: {
      rss: sum((s) => s.memory.rss),
      heapTotal: sum((s) => s.memory.heapTotal),
      heapUsed: sum((s) => s.memory.heapUsed),
      external: sum((s) => s.memory.external),
    },
    connections: {
      http: sum((s) => s.connections.http),
      websocket: sum((s) => s.connections.websocket),
      sse: sum((s) => s.connections.sse),
      grpc: sum((s) => s.connections.grpc),
    },
  };
}

/** What does not exist in one data plane may exist in another, at the moment of a reload. */
function mergeFound<T>(answers: readonly (T | null)[], mergeAll: (found: readonly T[]) => T): T | null {
  const found = answers.filter((answer) => answer !== null);
  return found.length === 0 ? null : mergeAll(found);
}
