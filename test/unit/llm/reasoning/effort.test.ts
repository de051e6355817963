// Efforts, budgets, and what each kind of model is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effort, Reasoning } from "../../../../src/llm/message/request.ts";
import type { ReasoningShape } from "../../../../src/llm/models/model.ts";
import { budgetOfEffort, effortOfBudget, nearestEffort, orderOf } from "../../../../src/llm/reasoning/effort.ts";

const UNSAID: Reasoning = { effort: null, budget: null, adaptive: false, visible: null, summary: null };
const effort = (value: Effort): Reasoning => ({ ...UNSAID, effort: value });
const budget = (value: number): Reasoning => ({ ...UNSAID, budget: value });
const ADAPTIVE: Reasoning = { ...UNSAID, adaptive: true };

test("a budget stands for the effort of the table", () => {
  const rows: [number, Effort][] = [
    [0, "none"],
    [1, "low"],
    [1024, "low"],
    [1025, "medium"],
    [8192, "medium"],
    [8193, "high"],
    [24_576, "high"],
    [24_577, "xhigh"],
  ];
  for (const [tokens, want] of rows) assert.equal(effortOfBudget(tokens), want, String(tokens));
});

test("an effort stands for a budget within the limits of the model", () => {
  const rows: [Effort, number, number, number][] = [
    ["minimal", 1024, 0, 1024],
    ["low", 1024, 0, 1024],
    ["low", 2048, 0, 2048],
    ["medium", 1024, 32_000, 8192],
    ["high", 1024, 32_000, 24_576],
    ["high", 128, 16_000, 16_000],
    ["xhigh", 1024, 64_000, 32_768],
    ["max", 1024, 64_000, 64_000],
    ["max", 1024, 0, 32_768],
  ];
  for (const [asked, min, max, want] of rows) assert.equal(budgetOfEffort(asked, min, max), want, asked);
});

test("an effort that is not listed becomes the nearest lower, else the lowest", () => {
  const rows: [Effort, Effort[], Effort][] = [
    ["high", ["low", "medium", "high"], "high"],
    ["max", ["low", "medium", "high"], "high"],
    ["none", ["low", "high"], "low"],
    ["minimal", ["none", "low"], "low"],
    ["medium", ["none", "low", "high"], "low"],
    ["low", ["none"], "none"],
    ["xhigh", [], "xhigh"],
  ];
  for (const [asked, listed, want] of rows) assert.equal(nearestEffort(asked, listed), want, `${asked} of ${listed}`);
});

const EFFORT: ReasoningShape = { kind: "effort", efforts: ["low", "medium", "high"] };
const ADAPTING: ReasoningShape = { kind: "adaptive", efforts: ["none", "low", "high", "max"] };
const BUDGET: ReasoningShape = { kind: "budget", min: 1024, max: 32_000, off: true };
const ALWAYS: ReasoningShape = { kind: "budget", min: 128, max: 32_768, off: false };
const LEVEL: ReasoningShape = { kind: "level", levels: ["low", "high"] };

test("each kind of model is told in its own terms", () => {
  const rows: [Reasoning | null, ReasoningShape, unknown, string[]][] = [
    [null, EFFORT, { kind: "unsaid" }, []],
    [UNSAID, BUDGET, { kind: "unsaid" }, []],
    [effort("high"), { kind: "none" }, { kind: "unsaid" }, ["reasoning"]],
    [effort("none"), { kind: "none" }, { kind: "unsaid" }, []],
    [budget(-1), { kind: "none" }, { kind: "unsaid" }, ["reasoning"]],
    [effort("medium"), EFFORT, { kind: "effort", effort: "medium" }, []],
    [effort("max"), EFFORT, { kind: "effort", effort: "high" }, ["reasoning.effort"]],
    [budget(9000), EFFORT, { kind: "effort", effort: "high" }, []],
    [ADAPTIVE, EFFORT, { kind: "unsaid" }, []],
    [effort("none"), LEVEL, { kind: "effort", effort: "low" }, ["reasoning.effort"]],
    [effort("none"), ADAPTING, { kind: "off" }, []],
    [effort("minimal"), ADAPTING, { kind: "adaptive", effort: "low" }, ["reasoning.effort"]],
    [budget(-1), ADAPTING, { kind: "adaptive", effort: null }, []],
    [ADAPTIVE, ADAPTING, { kind: "adaptive", effort: null }, []],
    [effort("none"), BUDGET, { kind: "off" }, []],
    [budget(0), BUDGET, { kind: "off" }, []],
    [effort("none"), ALWAYS, { kind: "budget", tokens: 128 }, []],
    [effort("medium"), BUDGET, { kind: "budget", tokens: 8192 }, []],
    [budget(100), BUDGET, { kind: "budget", tokens: 1024 }, []],
    [budget(99_000), BUDGET, { kind: "budget", tokens: 32_000 }, []],
    [budget(99_000), { ...BUDGET, max: 0 }, { kind: "budget", tokens: 99_000 }, []],
    [{ ...budget(5000), effort: "low" }, BUDGET, { kind: "budget", tokens: 5000 }, []],
    [ADAPTIVE, ALWAYS, { kind: "budget", tokens: -1 }, []],
  ];
  for (const [asked, shape, want, warned] of rows) {
    const warnings: string[] = [];
    assert.deepEqual(orderOf(asked, shape, warnings), want, JSON.stringify([asked, shape]));
    assert.deepEqual(warnings, warned, JSON.stringify([asked, shape]));
  }
});
