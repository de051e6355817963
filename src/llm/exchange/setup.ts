// What the requests of a rule share, compiled: its candidates in order, and the parts of the data path.

import type { Credentials } from "../credentials/credentials.ts";
import type { Owners } from "../credentials/owners.ts";
import type { FormatName, WireFormat } from "../format.ts";
import type { LlmRule, LlmSettings } from "../settings.ts";
import type { CandidateOrder } from "./candidates/candidate-order.ts";
import type { ModelAccess } from "./candidates/model-access.ts";
import type { OpenModels } from "./candidates/open-models.ts";
import type { SpeedTable } from "./candidates/speeds.ts";
import type { Catalogue } from "./own/catalogue.ts";

/** The formats that exist, by name. */
export type Formats = Readonly<Record<FormatName, WireFormat>>;

/** A rule that sends to language models. */
export interface RuleSetup {
  readonly rule: LlmRule;
  readonly settings: LlmSettings;
  readonly formats: Formats;
  readonly order: CandidateOrder;
  /** Models that the rule does not name one by one. */
  readonly open: OpenModels;
  readonly catalogue: Catalogue;
  /** null: every client may use every model. */
  readonly access: ModelAccess | null;
  readonly credentials: Credentials;
  readonly speeds: SpeedTable;
  /** Keys of all providers of the rule, those without one counted as one. */
  readonly accounts: number;
  /** Who has made what providers keep. */
  readonly owners: Owners;
  /** Removed from the path before the operation is looked up; "" none. */
  readonly strip: string;
}
