--[[
  Stores a new request, takes its unit, writes the first audit entry and the first notices: all of it or nothing.
  Sent twice by a reconnecting client, the second run finds its own seal and answers "opened" again.

  KEYS[1]  request hash
  KEYS[2]  unit key
  KEYS[3]  index of open requests
  KEYS[4]  index of all requests
  KEYS[5]  attention index
  KEYS[6]  audit stream
  KEYS[7]  seal of the newest opening
  KEYS[8]  outbox of the request
  KEYS[9]  due index of the outbox

  ARGV[1]  request id
  ARGV[2]  stem of request keys (the holder's key is built from it; same hash tag)
  ARGV[3]  the newest opening's seal that the entry is chained to
  ARGV[4]  seal of the entry
  ARGV[5]  text of the entry, as sealed
  ARGV[6]  schema of the record
  ARGV[7]  record
  ARGV[8]  seal of the record
  ARGV[9]  createdAtMs
  ARGV[10] attentionAtMs, or ''
  ARGV[11...]  notices, in order

  Answer: {1}                          opened
          {0, holder id, {schema, record, record seal}}   another open request holds the unit
          {-1, newest opening's seal}  chained to an older opening: seal again and retry
          {-2}                         this id is taken by a request that is no longer open
]]
local stored = redis.call('HGET', KEYS[1], 'first-seal')
if stored == ARGV[4] then
  return { 1 }
end

local holder = redis.call('GET', KEYS[2])
if holder then
  return { 0, holder, redis.call('HMGET', ARGV[2] .. holder, 'schema', 'record', 'seal') }
end
if stored then
  return { -2 }
end

local newest = redis.call('GET', KEYS[7]) or ''
if newest ~= ARGV[3] then
  return { -1, newest }
end

-- The audit entry is the first write: where Redis refuses writes (memory, disk, replicas), nothing else happens.
local entry = redis.call('XADD', KEYS[6], '*', 'request', ARGV[1], 'body', ARGV[5], 'previous', '', 'seal', ARGV[4])
redis.call('SET', KEYS[7], ARGV[4])
redis.call('HSET', KEYS[1], 'schema', ARGV[6], 'revision', '1', 'record', ARGV[7], 'seal', ARGV[8],
  'first-seal', ARGV[4], 'opening', entry)
redis.call('SET', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[9], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[9], ARGV[1])
if ARGV[10] ~= '' then
  redis.call('ZADD', KEYS[5], ARGV[10], ARGV[1])
end
if #ARGV > 10 then
  local t = redis.call('TIME')
  for i = 11, #ARGV do
    redis.call('RPUSH', KEYS[8], ARGV[i])
  end
  redis.call('ZADD', KEYS[9], t[1] * 1000 + math.floor(t[2] / 1000), ARGV[1])
end
return { 1 }
