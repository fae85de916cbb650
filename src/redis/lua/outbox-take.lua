--[[
  Leases the first undelivered notice of each due subject to one caller, and counts that it was given out. While the
  lease runs no other notice of that subject is given out. A time further ahead than ARGV[5] was set while this server's
  clock was wrong: such a subject is due, too.

  KEYS[1]  due index of the outbox
  KEYS[2]  attempts counted
  KEYS[3]  times left counted
  KEYS[4]  times given out counted

  ARGV[1]  stem of outbox keys (same hash tag)
  ARGV[2]  lease in ms
  ARGV[3]  at most so many subjects
  ARGV[4]  only this subject, or ''
  ARGV[5]  longest time that a notice is put off, in ms
  ARGV[6]  stem of record keys (same hash tag)

  Answer: {now in ms, {subject id, notice as stored, attempts, times left, times given out, {schema, record, record
           seal}}, ...}
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local furthest = now + ARGV[5]
local due
if ARGV[4] == '' then
  due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[3])
  local astray = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. furthest, '+inf', 'LIMIT', 0, ARGV[3] - #due)
  for _, id in ipairs(astray) do
    due[#due + 1] = id
  end
else
  local score = redis.call('ZSCORE', KEYS[1], ARGV[4])
  due = (score and (tonumber(score) <= now or tonumber(score) > furthest)) and { ARGV[4] } or {}
end
local answer = { now }
for _, id in ipairs(due) do
  local first = redis.call('LINDEX', ARGV[1] .. id, 0)
  if first then
    redis.call('ZADD', KEYS[1], now + ARGV[2], id)
    local taken = redis.call('HINCRBY', KEYS[4], id, 1)
    answer[#answer + 1] = { id, first, redis.call('HGET', KEYS[2], id) or '0', redis.call('HGET', KEYS[3], id) or '0',
      taken, redis.call('HMGET', ARGV[6] .. id, 'schema', 'record', 'seal') }
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return answer
