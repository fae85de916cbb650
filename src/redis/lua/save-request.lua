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
  ARGV[2]  record the change was decided on, the whole text: it names its revision and its newest audit entry, and
           nobody can slip another record in between
  ARGV[3]  seal of the audit entry before the new one
  ARGV[4]  notAfterMs by this server's clock, or ''
  ARGV[5]  new revision
  ARGV[6]  seal of the new audit entry
  ARGV[7]  text of the new audit entry, as sealed
  ARGV[8]  schema of the record
  ARGV[9]  record
  ARGV[10] seal of the record
  ARGV[11] the unit key: 'release' it (the request ended), 'must-hold' it, or 'take-if-free' (what was sent must be
           read back and settled, also where its key was lost or released before the mark was put back)
  ARGV[12] unit id when the new state is "closed", else ''
  ARGV[13] attentionAtMs, or '' to take it off the watch list
  ARGV[14] createdAtMs
  ARGV[15] for how many ms the command is remembered
  ARGV[16...]  notices, in order

  Answer:  1  saved (now, or by the same command before)
           0  the record is not the one the change was decided on
          -1  too late
          -2  the request is open but does not hold its unit: nothing may be done on it
           2  saved, though another request holds the unit
]]
-- A write also here: a WAIT that follows counts the replicas that have this connection's last write, and only then
-- says something about the command stored before.
if redis.call('PEXPIRE', KEYS[9], ARGV[15]) == 1 then
  return 1
end
if redis.call('HGET', KEYS[1], 'record') ~= ARGV[2] then
  return 0
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if ARGV[4] ~= '' and now >= tonumber(ARGV[4]) then
  return -1
end
local holder = redis.call('GET', KEYS[2])
if ARGV[11] == 'must-hold' and holder ~= ARGV[1] then
  return -2
end

-- The audit entry is the first write: where Redis refuses writes (memory, disk, replicas), nothing else happens.
redis.call('XADD', KEYS[6], '*', 'request', ARGV[1], 'body', ARGV[7], 'previous', ARGV[3], 'seal', ARGV[6])
redis.call('HSET', KEYS[1], 'schema', ARGV[8], 'revision', ARGV[5], 'record', ARGV[9], 'seal', ARGV[10])
local answer = 1
if ARGV[11] == 'take-if-free' then
  redis.call('ZADD', KEYS[3], 'NX', ARGV[14], ARGV[1])
  if not holder then
    redis.call('SET', KEYS[2], ARGV[1])
  elseif holder ~= ARGV[1] then
    answer = 2
  end
end
if ARGV[11] == 'release' then
  redis.call('ZREM', KEYS[3], ARGV[1])
  if holder == ARGV[1] then
    redis.call('DEL', KEYS[2])
  end
end
if ARGV[12] ~= '' then
  redis.call('HSET', KEYS[5], ARGV[12], ARGV[1])
end
if ARGV[13] == '' then
  redis.call('ZREM', KEYS[4], ARGV[1])
else
  redis.call('ZADD', KEYS[4], ARGV[13], ARGV[1])
end
if #ARGV > 15 then
  for i = 16, #ARGV do
    redis.call('RPUSH', KEYS[7], ARGV[i])
  end
  -- NX: where a notice is being delivered or waits for its next attempt, the new ones wait behind it.
  redis.call('ZADD', KEYS[8], 'NX', now, ARGV[1])
end
redis.call('SET', KEYS[9], '1', 'PX', ARGV[15])
return answer
