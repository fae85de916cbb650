--[[
  Takes the first notice of a request out of the line and keeps it for later, so that those behind it go on. One redraw
  of a card is kept for each request: it is drawn from the record as it is then.

  KEYS[1]  outbox of the request
  KEYS[2]  due index of the outbox
  KEYS[3]  attempts counted
  KEYS[4]  notices kept

  ARGV[1]  request id
  ARGV[2]  notice id, with the blank that ends it in the stored text
  ARGV[3]  the notice as it is stored when it is kept
  ARGV[4]  a redraw of the card, as JSON

  Answer: 1 kept, 0 not the first in line
]]
local first = redis.call('LINDEX', KEYS[1], 0)
if not first or string.sub(first, 1, #ARGV[2]) ~= ARGV[2] then
  return 0
end
redis.call('LPOP', KEYS[1])
redis.call('HDEL', KEYS[3], ARGV[1])

local function is_card(stored)
  return string.sub(stored, -#ARGV[4]) == ARGV[4]
end
local known = false
if is_card(first) then
  for _, kept in ipairs(redis.call('LRANGE', KEYS[4], 0, -1)) do
    if string.sub(kept, 1, #ARGV[1] + 1) == ARGV[1] .. ' ' and is_card(kept) then
      known = true
    end
  end
end
if not known then
  redis.call('RPUSH', KEYS[4], ARGV[1] .. ' ' .. ARGV[3])
end

if redis.call('EXISTS', KEYS[1]) == 1 then
  local t = redis.call('TIME')
  redis.call('ZADD', KEYS[2], t[1] * 1000 + math.floor(t[2] / 1000), ARGV[1])
else
  redis.call('ZREM', KEYS[2], ARGV[1])
end
return 1
