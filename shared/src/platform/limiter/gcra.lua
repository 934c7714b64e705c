-- Counts one request of a caller, by the generic cell rate algorithm, in one key and one step.
--
-- KEYS: the caller's. ARGV: microseconds between requests of a steady caller; how many may come at
-- once. The key holds the time at which the caller has all of them again. Times are the server's.
-- Returns whether the request is admitted, how many more would be, and the microseconds until all
-- would be and until one would be.
local interval = tonumber(ARGV[1])
local most = interval * ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
-- The second bound holds when another server with an earlier clock has taken over.
full_at = math.min(math.max(full_at, now), now + most)
local room = now + most - full_at - interval
if room < 0 then
  return {0, 0, full_at - now, -room}
end
full_at = full_at + interval
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
return {1, math.floor(room / interval), full_at - now, 0}
