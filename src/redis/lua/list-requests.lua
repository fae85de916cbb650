--[[
  Records of an index, in its order.

  KEYS[1]  index of open requests, or of all requests (scores: createdAtMs)

  ARGV[1]  stem of request keys (same hash tag)
  ARGV[2]  'oldest-first' or 'newest-first'
  ARGV[3]  highest score: '+inf', or '(<createdAtMs>' to read on before it
  ARGV[4]  at most so many; -1: all

  Answer: {{id, {schema, record, record seal}}, ...}
]]
local ids
if ARGV[2] == 'newest-first' then
  ids = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[3], '-inf', 'LIMIT', 0, ARGV[4])
else
  ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[3], 'LIMIT', 0, ARGV[4])
end
local answer = {}
for i, id in ipairs(ids) do
  answer[i] = { id, redis.call('HMGET', ARGV[1] .. id, 'schema', 'record', 'seal') }
end
return answer
