--[[
  For the first notice of a request that the caller cannot read or draw. It is left first in line for a while, so
  that another replica may read it (in a rolling upgrade a newer one); after that it is set aside, kept as it was,
  and a redraw of the card stands in its place, so that people see the record as it is. What stands in such a place
  and cannot be drawn either is set aside without another one.

  KEYS[1]  outbox of the request
  KEYS[2]  due index of the outbox
  KEYS[3]  attempts counted
  KEYS[4]  since when the request's first notice is unreadable, and which: '<ms> <notice as stored>'
  KEYS[5]  notices set aside

  ARGV[1]  request id
  ARGV[2]  what the notice's stored text begins with: its id and a blank, or all of it
  ARGV[3]  due again after so many ms, while it is left to others
  ARGV[4]  left to others for so many ms
  ARGV[5]  the redraw as stored, its id beginning with 'redraw'

  Answer: 0 not the first in line, 1 left, for the first time, 2 left, 3 set aside
]]
local first = redis.call('LINDEX', KEYS[1], 0)
if not first or string.sub(first, 1, #ARGV[2]) ~= ARGV[2] then
  return 0
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local stamp = string.format('%.0f', now)

local since = redis.call('GET', KEYS[4]) or ''
local began, of = string.match(since, '^(%d+) (.*)$')
local known = of == first
if not known or now - tonumber(began) < tonumber(ARGV[4]) then
  if not known then
    redis.call('SET', KEYS[4], stamp .. ' ' .. first, 'PX', ARGV[4] * 10)
  end
  redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
  return known and 2 or 1
end

redis.call('RPUSH', KEYS[5], ARGV[1] .. ' ' .. stamp .. ' ' .. first)
redis.call('DEL', KEYS[4])
redis.call('HDEL', KEYS[3], ARGV[1])
if string.sub(first, 1, 6) == 'redraw' then
  redis.call('LPOP', KEYS[1])
else
  redis.call('LSET', KEYS[1], 0, ARGV[5])
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('ZADD', KEYS[2], now, ARGV[1])
else
  redis.call('ZREM', KEYS[2], ARGV[1])
end
return 3
