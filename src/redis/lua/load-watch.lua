--[[
  What the watch remembers, with the newest episode of every unit it knows, and the drill.

  KEYS[1]  hash of the watch
  KEYS[2]  the watch's newest entry

  ARGV[1]  stem of record keys (same hash tag)
  ARGV[2]  stem of outbox keys (same hash tag)

  Answer: {now in ms, newest entry or '', {schema, record, record seal}, {episode id, {schema, record, record seal}, createdAtMs of its
           oldest notice for the channel that waits, or ''}, ...}
  Neither notices that were kept, also where they are tried again, nor direct messages count: what is refused for a
  reason of its own says nothing about the others.
]]
local t = redis.call('TIME')
local answer = {
  t[1] * 1000 + math.floor(t[2] / 1000),
  redis.call('GET', KEYS[2]) or '',
  redis.call('HMGET', KEYS[1], 'schema', 'record', 'seal'),
}
for id in string.gmatch(redis.call('HGET', KEYS[1], 'episodes') or '', '%S+') do
  local oldest = nil
  for _, stored in ipairs(redis.call('LRANGE', ARGV[2] .. id, 0, -1)) do
    local created = tonumber(string.match(stored, '^%S+ (%d+) '))
    local isKept = string.sub(stored, 1, 5) == 'kept-'
    local isDirect = string.find(stored, '"kind":"alert-direct"', 1, true)
    if created and not isKept and not isDirect and (not oldest or created < oldest) then
      oldest = created
    end
  end
  local since = oldest and string.format('%.0f', oldest) or ''
  answer[#answer + 1] = { id, redis.call('HMGET', ARGV[1] .. id, 'schema', 'record', 'seal'), since }
end
return answer
