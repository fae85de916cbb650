--[[
  Stops a bucket from now on; a stop that ends later wins. Stops that are over are cleared on the way.

  KEYS[1]  stops

  ARGV[1]  bucket
  ARGV[2]  how long, in ms
  ARGV[3]  cause

  Answer: until when the bucket is stopped, in ms
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local ends = tonumber(string.match(all[i + 1], '^%d+'))
  if not ends or ends <= now then
    redis.call('HDEL', KEYS[1], all[i])
  end
end
local stop = redis.call('HGET', KEYS[1], ARGV[1])
local standing = stop and tonumber(string.match(stop, '^%d+')) or 0
local ends = now + ARGV[2]
if ends <= standing then
  return standing
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', ends) .. ' ' .. ARGV[3])
return ends
