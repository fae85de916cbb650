--[[
  What the watch remembers, with the newest episode of every unit it knows, and the drill.

  KEYS[1]  hash of the watch
  KEYS[2]  notices kept

  ARGV[1]  stem of record keys (same hash tag)
  ARGV[2]  stem of outbox keys (same hash tag)

  Answer: {now in ms, {schema, record, record seal}, {episode id, {schema, record, record seal}, createdAtMs of its
           oldest undelivered notice or ''}, ...}
]]
local t = redis.call('TIME')
local answer = { t[1] * 1000 + math.floor(t[2] / 1000), redis.call('HMGET', KEYS[1], 'schema', 'record', 'seal') }
local oldest = {}
local function count(id, stored)
  local created = tonumber(string.match(stored, '^%S+ (%d+) '))
  if created and (not oldest[id] or created < oldest[id]) then
    oldest[id] = created
  end
end
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  local id, stored = string.match(entry, '^(%S+) (.*)$')
  if id then
    count(id, stored)
  end
end
for id in string.gmatch(redis.call('HGET', KEYS[1], 'episodes') or '', '%S+') do
  for _, stored in ipairs(redis.call('LRANGE', ARGV[2] .. id, 0, -1)) do
    count(id, stored)
  end
  local since = oldest[id] and string.format('%.0f', oldest[id]) or ''
  answer[#answer + 1] = { id, redis.call('HMGET', ARGV[1] .. id, 'schema', 'record', 'seal'), since }
end
return answer
