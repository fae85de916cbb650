--[[
  How much waits to be delivered. Changes nothing.

  KEYS[1]  due index of the outbox
  KEYS[2]  notices set aside
  KEYS[3]  notices kept

  ARGV[1]  stem of outbox keys (same hash tag)
  ARGV[2]  look at no more than so many subjects, those that are due first

  Answer: {now in ms, subjects with undelivered notices, notices set aside, notices kept,
           first notice as stored of each subject looked at, ...}
]]
local t = redis.call('TIME')
local answer = { t[1] * 1000 + math.floor(t[2] / 1000), redis.call('ZCARD', KEYS[1]),
  redis.call('LLEN', KEYS[2]), redis.call('LLEN', KEYS[3]) }
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[2] - 1)) do
  local first = redis.call('LINDEX', ARGV[1] .. id, 0)
  if first then
    answer[#answer + 1] = first
  end
end
return answer
