--[[
  Reserves weight in one minute of a bucket, unless it would pass the limit or a stop is in force. A stop that is
  further ahead than any can be is cut to the longest one: somebody else wrote it, or a clock was wrong.

  KEYS[1]  weight used of the bucket in that minute
  KEYS[2]  stops

  ARGV[1]  weight
  ARGV[2]  limit
  ARGV[3]  how long the counter lives, in ms
  ARGV[4]  how long a stop can last, in ms
  ARGV[5]  name of the bucket

  Answer: {1, used} reserved, {0, used} not
]]
local used = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local longest = now + ARGV[4]
local stop = redis.call('HGET', KEYS[2], ARGV[5])
local ends = stop and tonumber(string.match(stop, '^%d+'))
if ends and ends > longest then
  ends = longest
  redis.call('HSET', KEYS[2], ARGV[5], string.format('%.0f', ends) .. string.match(stop, '^%d+(.*)$'))
end
if ends and ends > now then
  return { 0, used }
end
if used + ARGV[1] > tonumber(ARGV[2]) then
  return { 0, used }
end
used = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return { 1, used }
