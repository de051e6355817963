// Rules whose requests go to language models: providers, candidates and strategies, compiled. Loaded with the first such rule.
import type { Config, RuleConfig } from "../../config/config.ts";
import type { StrategyConfig } from "../../config/meaning/llm/strategy-config.ts";
import type { ErrorWriter } from "../../core/context.ts";
import type { ModelReport } from "../../core/model-report.ts";
import type { Service } from "../../core/service.ts";
import type { Strategy } from "../../core/strategy.ts";
import { Credentials, type UserAccounts } from "../../llm/credentials/credentials.ts";
import type { Owners } from "../../llm/credentials/owners.ts";
import { CredentialState } from "../../llm/credentials/state.ts";
import { CandidateOrder } from "../../llm/exchange/candidates/candidate-order.ts";
import { ModelList } from "../../llm/exchange/candidates/model-list.ts";
import { OpenModels } from "../../llm/exchange/candidates/open-models.ts";
import type { Candidate, Provider } from "../../llm/exchange/candidates/provider.ts";
import { reportModels } from "../../llm/exchange/candidates/report.ts";
import { SpeedTable } from "../../llm/exchange/candidates/speeds.ts";
import { LlmErrors } from "../../llm/exchange/llm-errors.ts";
import { LlmStrategy } from "../../llm/exchange/llm-strategy.ts";
import { Catalogue } from "../../llm/exchange/own/catalogue.ts";
import type { ListedModel } from "../../llm/exchange/own/read-model-list.ts";
import type { Formats, RuleSetup } from "../../llm/exchange/setup.ts";
import { factsOf } from "../../llm/models/known-models.ts";
import { isOpenName, openNamesOf } from "../../llm/models/open-names.ts";
import { familyOf, type ModelSource, sourcesOf } from "../../llm/models/resolve.ts";
import { PROVIDER_KINDS } from "../../llm/providers/kinds.ts";
import type { LlmSettings, ProviderSettings } from "../../llm/settings.ts";
import type { Build, LlmRouteSource } from "../runtime.ts";
import { GrantedModels } from "./model-access.ts";

/** A compiled rule. */
export interface LlmRoute {
  readonly strategy: Strategy;
  readonly errors: ErrorWriter;
}

/** What the requests of a rule share, and the names of its models. */
export interface LlmRuleParts {
  readonly setup: RuleSetup;
  readonly models: ModelList;
}

/** Compiles the rules of one configuration. */
export class LlmRoutes implements LlmRouteSource {
  readonly #settings: LlmSettings;
  readonly #rbac: Config["rbac"];
  readonly #formats: Formats;
  readonly #credentials: Credentials;
  readonly #speeds: SpeedTable;
  readonly #owners: Owners;
  readonly #catalogue: Catalogue;
  /** By id. */
  readonly providers: ReadonlyMap<string, Provider>;
  /** Id → rule compiled so far. */
  readonly #rules = new Map<string, RuleSetup>();

  /**
   * @param build of a configuration with language models
   * @param accounts null: users cannot connect accounts
   */
  constructor(
    { config, leases }: Pick<Build, "config" | "leases">,
    formats: Formats,
    serviceNamed: (name: string) => Service,
    accounts: UserAccounts | null,
  ) {
    const settings = config.llm!;
    this.#settings = settings;
    this.#rbac = config.rbac;
    this.#formats = formats;
    const state = leases.lease(
      "llm-credentials",
      () => new CredentialState(() => performance.now()),
      () => {},
    );
    this.#owners = state.owners;
    this.#speeds = leases.lease(
      "llm-speeds",
      () => new SpeedTable(),
      () => {},
    );
    this.#catalogue = leases.lease(
      "llm-catalogue",
      () => new Catalogue(() => performance.now()),
      () => {},
    );
    this.#credentials = new Credentials(settings, state, accounts);
    this.providers = new Map(settings.providers.map((p) => [p.id, providerOf(p, serviceNamed)]));
  }

  /** The route of a rule with a strategy. */
  routeFor(rule: RuleConfig): LlmRoute {
    const { setup, models } = this.partsOf(rule);
    const errors = new LlmErrors(this.#formats, setup.strip);
    this.#rules.set(rule.id, setup);
    return { strategy: new LlmStrategy(setup, errors, models), errors };
  }

  models(): readonly ModelReport[] {
    return [...this.#rules].flatMap(([id, setup]) => reportModels(id, setup));
  }

  /** What the route of a rule is made of. */
  partsOf(rule: RuleConfig): LlmRuleParts {
    const setup = this.setupOf(rule.strategy!, rule.stripPrefix ? rule.pattern.literalPrefix : "");
    const { order, open, access } = setup;
    const { failover } = rule.strategy!;
    const { aliases } = this.#settings;
    return { setup, models: new ModelList({ order, open, aliases, failover, access }) };
  }

  /** What requests to some models share. @param strip see {@link RuleSetup.strip} */
  setupOf(strategy: StrategyConfig, strip: string): RuleSetup {
    const candidates = strategy.models
      .filter(({ model }) => !isOpenName(model))
      .flatMap(({ model, weight }) =>
        sourcesOf(this.#settings, model).map((source) => this.#candidate(model, weight, source)),
      );
    const entries = strategy.models
      .filter(({ model }) => isOpenName(model))
      .flatMap(({ model }) => openNamesOf(this.#settings, model))
      .map((entry) => ({ ...entry, provider: this.providers.get(entry.provider.id)! }));
    return {
      rule: strategy,
      settings: this.#settings,
      formats: this.#formats,
      order: new CandidateOrder(strategy.order, candidates, this.#speeds),
      open: new OpenModels(entries, this.#settings, this.#catalogue, (id, source, listed) =>
        withSizes(this.#candidate(id, 1, source), listed),
      ),
      catalogue: this.#catalogue,
      access: strategy.allow === null ? null : new GrantedModels(strategy.allow, this.#rbac),
      credentials: this.#credentials,
      speeds: this.#speeds,
      owners: this.#owners,
      accounts: accountsOf([...candidates, ...entries]),
      strip,
    };
  }

  #candidate(id: string, weight: number, source: ModelSource): Candidate {
    const { provider, upstreamName, settings } = source;
    const { facts, price } = factsOf(id, upstreamName, provider.kind);
    return {
      id,
      weight,
      upstreamName,
      provider: this.providers.get(provider.id)!,
      facts: { ...facts, ...settings?.facts },
      dialect: provider.dialect,
      family: familyOf(source, id),
      price: settings?.price ?? price,
    };
  }
}

/** With what its provider lists of it, where nothing else is known. */
function withSizes(candidate: Candidate, listed: ListedModel | null): Candidate {
  if (listed === null) return candidate;
  const { facts } = candidate;
  const contextIn = facts.contextIn || listed.contextIn;
  return { ...candidate, facts: { ...facts, contextIn, contextOut: facts.contextOut || listed.contextOut } };
}

function accountsOf(candidates: readonly Pick<Candidate, "provider">[]): number {
  const providers = new Set(candidates.map(({ provider }) => provider));
  return [...providers].reduce((sum, { settings }) => sum + Math.max(1, settings.apiKeys.length), 0);
}

function providerOf(settings: ProviderSettings, serviceNamed: (name: string) => Service): Provider {
  return { settings, kind: PROVIDER_KINDS[settings.kind], service: serviceNamed(`llm.${settings.id}`) };
}
