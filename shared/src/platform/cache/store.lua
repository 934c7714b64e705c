-- Stores a value with the time at which it was made, and takes the maker's mark away.
--
-- KEYS: the value; the mark. ARGV: how many milliseconds ago the value was made; the value; after
-- how many milliseconds it is of no use to anybody. All times are the server's, so that clocks of
-- environments need not agree.
local time = redis.call('TIME')
local made_at = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', made_at) .. ' ' .. ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1
