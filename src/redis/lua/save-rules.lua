--[[
  Compare-and-set of what is kept beside the rules for closes: the record, its audit entries and notices together, or
  nothing. A command that was stored is remembered: sent again by a reconnecting client it answers the same, whatever
  others did meanwhile.

  KEYS[1]  hash of the rules
  KEYS[2]  audit stream
  KEYS[3]  seal of the newest opening
  KEYS[4]  the rules' newest entry
  KEYS[5]  outbox of the rules
  KEYS[6]  due index of the outbox
  KEYS[7]  this command

  ARGV[1]  record the change was decided on, the whole text; '': there was none
  ARGV[2]  the newest opening's seal that the change is chained to
  ARGV[3]  the newest opening's seal after it; the same where nothing is opened
  ARGV[4]  subject id of the rules
  ARGV[5]  schema of the record
  ARGV[6]  record
  ARGV[7]  seal of the record
  ARGV[8]  the newest entry after the change, "<sequence> <seal>"; '': there is none
  ARGV[9]  for how many ms the command is remembered
  ARGV[10] how many audit entries follow, of three arguments each: text as sealed, seal of the entry before, seal
  then     notices as stored, to the end

  Answer: {1}                          saved (now, or by the same command before)
          {0}                          the record is not the one the change was decided on
          {-1, newest opening's seal}  chained to an older opening: seal again and retry
]]
-- A write also here, as in save-request.lua.
if redis.call('PEXPIRE', KEYS[7], ARGV[9]) == 1 then
  return { 1 }
end
if (redis.call('HGET', KEYS[1], 'record') or '') ~= ARGV[1] then
  return { 0 }
end
local opens = ARGV[2] ~= ARGV[3]
local newest = redis.call('GET', KEYS[3]) or ''
if opens and newest ~= ARGV[2] then
  return { -1, newest }
end

-- The audit entries are the first writes: where Redis refuses writes (memory, disk, replicas), nothing else happens.
local firstNotice = 11 + 3 * ARGV[10]
for i = 11, firstNotice - 1, 3 do
  local entry = redis.call('XADD', KEYS[2], '*', 'request', ARGV[4], 'body', ARGV[i], 'previous', ARGV[i + 1],
    'seal', ARGV[i + 2])
  if opens and i == 11 then
    redis.call('HSET', KEYS[1], 'opening', entry)
    redis.call('SET', KEYS[3], ARGV[3])
  end
end
if ARGV[8] ~= '' then
  redis.call('SET', KEYS[4], ARGV[8])
end
redis.call('HSET', KEYS[1], 'schema', ARGV[5], 'record', ARGV[6], 'seal', ARGV[7])
if firstNotice <= #ARGV then
  local t = redis.call('TIME')
  for i = firstNotice, #ARGV do
    redis.call('RPUSH', KEYS[5], ARGV[i])
  end
  -- NX: where a notice is being delivered or waits for its next attempt, the new ones wait behind it.
  redis.call('ZADD', KEYS[6], 'NX', t[1] * 1000 + math.floor(t[2] / 1000), ARGV[4])
end
redis.call('SET', KEYS[7], '1', 'PX', ARGV[9])
return { 1 }
