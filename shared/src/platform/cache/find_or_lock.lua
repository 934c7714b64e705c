-- Gives the stored value with its age, and decides who makes the next one.
--
-- KEYS: the value; the lock of the caller that makes one. ARGV: how many milliseconds a value is fresh;
-- how many a lock lasts. Returns whether the caller is to make a value, the age of the
-- stored one in milliseconds (-1 if there is none), and the stored one.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local age, value = -1, ''
local stored = redis.call('GET', KEYS[1])
if stored then
  local made_at, text = string.match(stored, '^(%d+) (.*)$')
  if made_at then
    age = math.max(now - made_at, 0)
    value = text
  end
end
local is_claimed = 0
if age < 0 or age >= tonumber(ARGV[1]) then
  if redis.call('SET', KEYS[2], '', 'NX', 'PX', ARGV[2]) then
    is_claimed = 1
  end
end
return {is_claimed, age, value}
