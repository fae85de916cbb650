--[[
  Removes a delivered notice; the next one of the request is due at once. Only the first notice in line can be
  removed, so a repeat (a re-sent command, a caller whose lease ran out) changes nothing.

  KEYS[1]  outbox of the request
  KEYS[2]  due index of the outbox
  KEYS[3]  attempts counted

  ARGV[1]  request id
  ARGV[2]  notice id, with the blank that ends it in the stored text

  Answer: 2 removed and the next one is due, 1 removed and nothing waits behind it, 0 not the first in line
]]
local first = redis.call('LINDEX', KEYS[1], 0)
if not first or string.sub(first, 1, #ARGV[2]) ~= ARGV[2] then
  return 0
end
redis.call('LPOP', KEYS[1])
redis.call('HDEL', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 1 then
  local t = redis.call('TIME')
  redis.call('ZADD', KEYS[2], t[1] * 1000 + math.floor(t[2] / 1000), ARGV[1])
  return 2
end
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
