// Counts requests to language models, their tokens and their time to the first content, by labels of the configuration.
import type { RequestContext } from "../core/context.ts";
import type { ModelCall } from "../core/model-call.ts";
import { Histogram } from "./histogram.ts";
import { histogramSamples, type Labels, type OwnMetric, own, type Sample } from "./metric.ts";

/** Upper bounds of times to the first content, s. */
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
/** Name in place of a model where none was asked. */
const NOBODY = "none";
/** Clients may name any model of a provider: beyond this number, new ones are counted together. */
const MAX_CELLS = 2_000;
const OTHERS = "others";

/** One model of one route. */
interface Cell {
  readonly labels: { readonly route: string; readonly provider: string; readonly model: string };
  readonly outcomes: Map<string, number>;
  readonly tokens: Map<string, number>;
  readonly fallbacks: Map<string, number>;
  readonly firstContent: Histogram;
}

/** The counters of all models. */
export class ModelMeter {
  readonly #cells = new Map<string, Cell>();

  /** A request to a model is over. */
  done(ctx: RequestContext, call: ModelCall): void {
    const cell = this.#cell(ctx.route!.id, call);
    add(cell.outcomes, outcomeOf(ctx), 1);
    if (call.fallbackReason !== "") add(cell.fallbacks, call.fallbackReason, 1);
    if (call.firstContentMs >= 0) cell.firstContent.observe(call.firstContentMs / 1000);
    if (call.tokens === null) return;
    const { input, cacheRead, cacheWrite, cacheWriteLong, output, reasoning } = call.tokens;
    add(cell.tokens, "input", input);
    add(cell.tokens, "cache_read", cacheRead);
    add(cell.tokens, "cache_write", cacheWrite + cacheWriteLong);
    add(cell.tokens, "output", output);
    add(cell.tokens, "reasoning", reasoning);
  }

  /** What is scraped of it. */
  metrics(): OwnMetric[] {
    const name = "gateway_llm_time_to_first_token_seconds";
    return [
      this.#counter("gateway_llm_requests_total", "Requests to language models", "outcome", (c) => c.outcomes),
      this.#counter("gateway_llm_tokens_total", "Tokens, estimated ones included", "kind", (c) => c.tokens),
      this.#counter("gateway_llm_fallbacks_total", "Requests another model took over", "reason", (c) => c.fallbacks),
      own(name, "Arrival of the request to the first content of its answer", "histogram", () =>
        [...this.#cells.values()].flatMap(({ firstContent, labels }) => histogramSamples(name, firstContent, labels)),
      ),
    ];
  }

  #counter(name: string, help: string, label: string, of: (cell: Cell) => ReadonlyMap<string, number>): OwnMetric {
    return own(name, help, "counter", () =>
      [...this.#cells.values()].flatMap((cell) =>
        [...of(cell)].map(
          ([value, count]): Sample => ({
            value: count,
            labels: { ...cell.labels, [label]: value } satisfies Labels,
          }),
        ),
      ),
    );
  }

  #cell(route: string, { provider, model }: Pick<ModelCall, "provider" | "model">): Cell {
    const key = `${route} ${provider} ${model}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      if (this.#cells.size >= MAX_CELLS && model !== OTHERS) return this.#cell(route, { provider, model: OTHERS });
      cell = {
        labels: { route, provider: provider || NOBODY, model: model || NOBODY },
        outcomes: new Map(),
        tokens: new Map(),
        fallbacks: new Map(),
        firstContent: new Histogram(BOUNDS),
      };
      this.#cells.set(key, cell);
    }
    return cell;
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  if (count > 0) counts.set(name, (counts.get(name) ?? 0) + count);
}

/** An event stream has status 200 even if an error ends it. */
function outcomeOf({ status, error }: RequestContext): string {
  if (status === 499) return "aborted";
  if (status >= 500 || (status < 400 && error !== null)) return "error";
  return status >= 400 ? "refused" : "ok";
}
