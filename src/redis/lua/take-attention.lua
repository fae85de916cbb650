--[[
  Leases the requests that are due to one caller: they come back when the lease runs out, unless a change or
  postpone-attention.lua has set another time. A time so far ahead that nobody would set it was set while this
  server's clock was wrong: such a request is due, too.

  KEYS[1]  attention index

  ARGV[1]  stem of request keys (same hash tag)
  ARGV[2]  lease in ms
  ARGV[3]  at most so many
  ARGV[4]  longest time that a look is put off, in ms

  Answer: {now in ms, {id, {schema, record, record seal}}, ...}
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local answer = { now }
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[3])
local astray = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. (now + ARGV[4]), '+inf', 'LIMIT', 0, ARGV[3] - #due)
for _, id in ipairs(astray) do
  due[#due + 1] = id
end
for _, id in ipairs(due) do
  redis.call('ZADD', KEYS[1], now + ARGV[2], id)
  answer[#answer + 1] = { id, redis.call('HMGET', ARGV[1] .. id, 'schema', 'record', 'seal') }
end
return answer
