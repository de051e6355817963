// What a closed circuit costs a request, beside what it would cost to send the request through opossum itself.
import CircuitBreaker from "opossum";
import { CountingBreaker } from "../../src/resilience/breaker.ts";

const ROUNDS = 5_000_000;
const FIRED = 500_000;

const clock = { now: () => performance.now(), date: () => Date.now() };
const options = {
  maxFailures: 5,
  failureRatio: 0.5,
  minRequests: 10,
  windowMs: 60_000,
  openMs: 60_000,
  maxTrials: 1,
  successesToClose: 1,
};

function counted(): number {
  const breaker = new CountingBreaker("b", options, clock);
  const began = performance.now();
  for (let i = 0; i < ROUNDS; i++) breaker.succeeded(breaker.admit());
  const us = ((performance.now() - began) * 1_000) / ROUNDS;
  breaker.close();
  return us;
}

async function fired(): Promise<number> {
  const breaker = new CircuitBreaker(() => Promise.resolve(), {
    timeout: false,
    enableSnapshots: false,
    rollingPercentilesEnabled: false,
  });
  const began = performance.now();
  for (let i = 0; i < FIRED; i++) await breaker.fire();
  const us = ((performance.now() - began) * 1_000) / FIRED;
  breaker.shutdown();
  return us;
}

function bytesEach(): number {
  const before = process.memoryUsage().heapUsed;
  const many = Array.from({ length: 10_000 }, (_, i) => new CountingBreaker(`b${i}`, options, clock));
  const bytes = (process.memoryUsage().heapUsed - before) / many.length;
  for (const breaker of many) breaker.close();
  return bytes;
}

const rounds: [number, number][] = [];
for (let i = 0; i < 5; i++) rounds.push([counted(), await fired()]);
const median = (of: 0 | 1) => rounds.map((r) => r[of]).sort((a, b) => a - b)[2]!;
console.log(`admit and succeeded   ${median(0).toFixed(3)} µs`);
console.log(`opossum's own fire    ${median(1).toFixed(3)} µs`);
console.log(`one circuit           ${(bytesEach() / 1024).toFixed(1)} KiB`);
