--[[
  Stops a scope; a later stop wins. Stops that are over are cleared on the way.

  KEYS[1]  stops

  ARGV[1]  scope
  ARGV[2]  until, in ms
  ARGV[3]  reason

  Answer: until when the scope is stopped, in ms
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if tonumber(string.match(all[i + 1], '^%d+')) <= now then
    redis.call('HDEL', KEYS[1], all[i])
  end
end
local stop = redis.call('HGET', KEYS[1], ARGV[1])
local standing = stop and tonumber(string.match(stop, '^%d+')) or 0
if tonumber(ARGV[2]) <= standing then
  return standing
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
return tonumber(ARGV[2])
