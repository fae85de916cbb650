--[[
  Leaves a notice first in line, due again later, and counts that. The count that the caller saw must still be the
  present one, so a repeat (a re-sent command, a caller whose lease ran out) changes nothing.

  KEYS[1]  outbox of the subject
  KEYS[2]  due index of the outbox
  KEYS[3]  attempts counted, or times left counted

  ARGV[1]  subject id
  ARGV[2]  notice id
  ARGV[3]  count that the caller saw
  ARGV[4]  due again after so many ms

  Answer: 1 counted, 0 left alone
]]
local first = redis.call('LINDEX', KEYS[1], 0)
if not first or string.match(first, '^[^ ]*') ~= ARGV[2] then
  return 0
end
if (redis.call('HGET', KEYS[3], ARGV[1]) or '0') ~= ARGV[3] then
  return 0
end
redis.call('HINCRBY', KEYS[3], ARGV[1], 1)
local t = redis.call('TIME')
redis.call('ZADD', KEYS[2], t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[4], ARGV[1])
return 1
