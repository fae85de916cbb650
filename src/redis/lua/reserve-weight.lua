--[[
  Reserves weight in one minute of a bucket, unless it would pass the limit or a stop is in force.

  KEYS[1]  weight used of the bucket in that minute
  KEYS[2]  stops

  ARGV[1]  weight
  ARGV[2]  limit
  ARGV[3]  how long the counter lives, in ms
  ARGV[4...]  scopes whose stops hold for this bucket

  Answer: {1, used} reserved, {0, used} not
]]
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local stops = redis.call('HMGET', KEYS[2], unpack(ARGV, 4))
for _, stop in ipairs(stops) do
  if stop then
    local t = redis.call('TIME')
    if tonumber(string.match(stop, '^%d+')) > t[1] * 1000 + math.floor(t[2] / 1000) then
      return { 0, used }
    end
  end
end
if used + ARGV[1] > tonumber(ARGV[2]) then
  return { 0, used }
end
used = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return { 1, used }
