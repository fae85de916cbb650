--[[
  Compare-and-set of one request: record, indexes, unit key, audit entry and notices together, or nothing.
  A command that was stored is remembered: sent again by a reconnecting client it answers the same, whatever others
  did to the record meanwhile.

  KEYS[1]  request hash
  KEYS[2]  unit key
  KEYS[3]  index of open requests
  KEYS[4]  attention index
  KEYS[5]  units closed through a request
  KEYS[6]  audit stream
  KEYS[7]  outbox of the request
  KEYS[8]  due index of the outbox
  KEYS[9]  this command

  ARGV[1]  request id
  ARGV[2]  revision the change was decided on
  ARGV[3]  seal of the newest audit entry the change was decided on: after a failover that lost a write, an equal
           revision could belong to another history
  ARGV[4]  notAfterMs by this server's clock, or ''
  ARGV[5]  new revision
  ARGV[6]  seal of the new audit entry
  ARGV[7]  text of the new audit entry, as sealed
  ARGV[8]  schema of the record
  ARGV[9]  record
  ARGV[10] '1' when the new state is terminal
  ARGV[11] unit id when the new state is "closed", else ''
  ARGV[12] attentionAtMs, or '' to take it off the watch list
  ARGV[13] for how many ms the command is remembered
  ARGV[14...]  notices, in order

  Answer:  1  saved (now, or by the same command before)
           0  the record is not the one the change was decided on
          -1  too late
          -2  the request is open but does not hold its unit: nothing may be done on it
]]
-- A write also here: a WAIT that follows counts the replicas that have this connection's last write, and only then
-- says something about the command stored before.
if redis.call('PEXPIRE', KEYS[9], ARGV[13]) == 1 then
  return 1
end
local stored = redis.call('HMGET', KEYS[1], 'revision', 'seal')
if stored[1] ~= ARGV[2] or stored[2] ~= ARGV[3] then
  return 0
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if ARGV[4] ~= '' and now >= tonumber(ARGV[4]) then
  return -1
end
local holder = redis.call('GET', KEYS[2])
local terminal = ARGV[10] == '1'
if not terminal and holder ~= ARGV[1] then
  return -2
end

-- The audit entry is the first write: where Redis refuses writes (memory, disk, replicas), nothing else happens.
redis.call('XADD', KEYS[6], '*', 'request', ARGV[1], 'body', ARGV[7], 'previous', ARGV[3], 'seal', ARGV[6])
redis.call('HSET', KEYS[1], 'schema', ARGV[8], 'revision', ARGV[5], 'seal', ARGV[6], 'record', ARGV[9])
if terminal then
  redis.call('ZREM', KEYS[3], ARGV[1])
  if holder == ARGV[1] then
    redis.call('DEL', KEYS[2])
  end
end
if ARGV[11] ~= '' then
  redis.call('HSET', KEYS[5], ARGV[11], ARGV[1])
end
if ARGV[12] == '' then
  redis.call('ZREM', KEYS[4], ARGV[1])
else
  redis.call('ZADD', KEYS[4], ARGV[12], ARGV[1])
end
if #ARGV > 13 then
  for i = 14, #ARGV do
    redis.call('RPUSH', KEYS[7], ARGV[i])
  end
  -- NX: where a notice is being delivered or waits for its next attempt, the new ones wait behind it.
  redis.call('ZADD', KEYS[8], 'NX', now, ARGV[1])
end
redis.call('SET', KEYS[9], '1', 'PX', ARGV[13])
return 1
