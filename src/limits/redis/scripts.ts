// The arithmetic of limits as it runs inside Redis: the same operations as in `bucket.ts` and `sliding-window.ts`.
import type { LimitAlgorithm } from "../limit.ts";

/** Redis's own clock in whole µs, so that gateways whose clocks differ count the same. */
const REDIS_CLOCK = "(function() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end)()";

/**
 * What every script begins with. One key, so that a cluster needs no more than its slot. `lost` above 0 is the time at
 * which Redis lost its data: what is not stored was used up then. The value is `{ algorithm, period, state… }`; a limit
 * whose algorithm or period has changed starts from zero. Operations: `take` charges if it passes; `give` undoes that;
 * `owe` charges what was let through elsewhere, and at most until nothing more would pass.
 */
function frame(algorithm: LimitAlgorithm, clock: string): string {
  return `
local operation, cost, rate, period = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local capacity, keep, lost = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local now = ${clock}
local text = redis.call('GET', KEYS[1])
local stored = text and cmsgpack.unpack(text)
local usable = stored and stored[1] == '${algorithm}' and stored[2] == period
local function save(state, us)
  table.insert(state, 1, period)
  table.insert(state, 1, '${algorithm}')
  local ms = math.max(keep, math.ceil(us / 1000), 1)
  redis.call('SET', KEYS[1], cmsgpack.pack(state), 'PX', string.format('%.0f', ms))
end
`;
}

/** @param waits whether a request goes on only when what was due before it is paid off */
function debtScript(algorithm: LimitAlgorithm, waits: boolean, clock: string): string {
  return `${frame(algorithm, clock)}
local room = capacity * period
local debt, at = 0, now
if usable then debt, at = stored[3], stored[4] elseif lost > 0 and not text then debt, at = room, lost end
if operation == 'give' then
  if not usable then return {} end
  debt = math.max(0, debt - cost * period)
  save({ debt, at }, math.max(0, at - now) + math.ceil(debt / rate))
  return {}
end
local due = debt
if now > at then due = math.max(0, debt - (now - at) * rate) end
local after = due + cost * period
if operation == 'owe' then after = math.max(due, math.min(after, room)) end
local allowed = after <= room
local owed = due
if allowed then
  owed = after
  if now > at then at = now end
  save({ after, at }, at - now + math.ceil(after / rate))
end
local retry = 0
if not allowed then retry = math.ceil((after - room) / rate) end
local wait = 0
if allowed and ${waits} then wait = math.ceil(due / rate) end
return { allowed and 1 or 0, math.floor((room - owed) / period), math.ceil(owed / rate), retry, wait }
`;
}

function windowScript(clock: string): string {
  return `${frame("sliding_window", clock)}
local groups = {}
if usable then
  for i = 3, #stored do groups[i - 2] = stored[i] end
elseif lost > 0 and not text then
  groups = { lost, lost, capacity }
end
if operation == 'give' then
  local back = cost
  while back > 0 and #groups > 0 do
    local n = #groups
    if groups[n] > back then groups[n] = groups[n] - back break end
    back = back - groups[n]
    groups[n], groups[n - 1], groups[n - 2] = nil, nil, nil
  end
  if #groups == 0 then redis.call('DEL', KEYS[1]) return {} end
  save(groups, groups[#groups - 1] + period - now)
  return {}
end
local time = now
if #groups > 0 then time = math.max(now, groups[#groups - 1]) end
local first = 1
while first <= #groups and groups[first + 1] <= time - period do first = first + 3 end
local kept, count = {}, 0
for i = first, #groups, 3 do
  kept[#kept + 1], kept[#kept + 2], kept[#kept + 3] = groups[i], groups[i + 1], groups[i + 2]
  count = count + groups[i + 2]
end
if operation == 'owe' then cost = math.max(0, math.min(cost, rate - count)) end
local allowed = count + cost <= rate
if allowed and cost > 0 then
  local n = #kept
  if n == 0 or time - kept[n - 2] >= math.ceil(period / 64) then
    kept[n + 1], kept[n + 2], kept[n + 3] = time, time, cost
  else
    kept[n - 1], kept[n] = time, kept[n] + cost
  end
end
local last = time - period
if #kept > 0 then last = kept[#kept - 1] end
local retry = 0
if not allowed then
  local left, gone = 0, last
  for i = 1, #kept, 3 do
    left = left + kept[i + 2]
    if left >= count + cost - rate then gone = kept[i + 1] break end
  end
  retry = gone + period - time
end
local remaining = math.floor(rate - (allowed and count + cost or count))
local reset = last + period - time
if #kept == 0 then
  redis.call('DEL', KEYS[1])
elseif allowed or first > 1 then
  save(kept, last + period - now)
end
return { allowed and 1 or 0, remaining, reset, retry, 0 }
`;
}

/**
 * The script of each algorithm. Keys: the counted key. Arguments: operation, cost, rate, period (µs), capacity, ms to keep at
 * least, µs of the loss or 0. Replies whether it passed (1 or 0), remaining, and µs of reset, retry and wait.
 * @param clock Lua for the time in µs
 */
export function limitScripts(clock = REDIS_CLOCK): Readonly<Record<LimitAlgorithm, string>> {
  return {
    token_bucket: debtScript("token_bucket", false, clock),
    leaky_bucket: debtScript("leaky_bucket", true, clock),
    sliding_window: windowScript(clock),
  };
}

/**
 * One gateway says that it lives, or only looks. Keys: the members, the mark. Arguments: own name or nothing, µs a member lives without a beat, the
 * mark it knows or nothing, since when (µs) to count members that were heard.
 *
 * The mark, `lost:born`, tells whether Redis still has its data: it is lost with the data. A gateway that knew another mark
 * reports that data was lost, and when; in a Redis that no gateway knew nothing was lost, and `lost` is 0.
 * Replies the time, the members, those heard since, and the mark.
 */
export const BEAT_SCRIPT = `
local now = ${REDIS_CLOCK}
local name, life, known, since = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local mark = redis.call('GET', KEYS[2])
local time = string.format('%.0f', now)
if not mark then
  mark = (known == '' and '0' or time) .. ':' .. time
  redis.call('SET', KEYS[2], mark)
elseif known ~= '' and mark ~= known and string.sub(mark, 1, 2) == '0:' then
  mark = time .. ':' .. time
  redis.call('SET', KEYS[2], mark)
end
if name ~= '' then redis.call('ZADD', KEYS[1], time, name) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.0f', now - life))
return { time, redis.call('ZCARD', KEYS[1]), redis.call('ZCOUNT', KEYS[1], since, '+inf'), mark }
`;

/** Removes a gateway from the members. Keys: the members. Arguments: its name. */
export const LEAVE_SCRIPT = "return redis.call('ZREM', KEYS[1], ARGV[1])";
