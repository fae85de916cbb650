--[[
  Has the card of a request or an episode drawn once more, unless a redraw waits already. The first notice in line does not count:
  it may be on its way, drawn from the record as it was before.

  KEYS[1]  outbox of the subject
  KEYS[2]  due index of the outbox

  ARGV[1]  subject id
  ARGV[2]  the redraw as stored
  ARGV[3]  how every redraw of a card ends: its JSON

  Answer: 1 added, 0 one waits already
]]
for _, stored in ipairs(redis.call('LRANGE', KEYS[1], 1, -1)) do
  if string.sub(stored, -#ARGV[3]) == ARGV[3] then
    return 0
  end
end
local t = redis.call('TIME')
redis.call('RPUSH', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], 'NX', t[1] * 1000 + math.floor(t[2] / 1000), ARGV[1])
return 1
