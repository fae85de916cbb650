--[[
  Raises the count of a minute to what the exchange says; never lowers it.

  KEYS[1]  weight used of the bucket in that minute

  ARGV[1]  used, as the exchange counts
  ARGV[2]  how long the counter lives, in ms

  Answer: the count afterwards
]]
local used = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
if tonumber(ARGV[1]) <= used then
  return used
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return tonumber(ARGV[1])
