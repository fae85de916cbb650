--[[
  Puts every kept notice back at the end of its subject's line. A subject without a line is due at once; one that has a
  line keeps its time, which may be another caller's lease.

  KEYS[1]  notices kept
  KEYS[2]  due index of the outbox

  ARGV[1]  stem of outbox keys (same hash tag)

  Answer: how many
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local all = redis.call('LRANGE', KEYS[1], 0, -1)
for _, kept in ipairs(all) do
  -- What was not written here has no blank: it must not keep the others from going back.
  local id, stored = string.match(kept, '^(%S+) (.*)$')
  if id then
    redis.call('RPUSH', ARGV[1] .. id, stored)
    redis.call('ZADD', KEYS[2], 'NX', now, id)
  end
end
redis.call('DEL', KEYS[1])
return #all
