--[[
  Compare-and-set of the watch: its record, the changed episodes, their audit entries and notices together, or nothing.
  A command that was stored is remembered: sent again by a reconnecting client it answers the same, whatever others did
  meanwhile. Keys of episodes are built from stems (same hash tag).

  KEYS[1]  hash of the watch
  KEYS[2]  audit stream
  KEYS[3]  seal of the newest opening
  KEYS[4]  the watch's newest entry
  KEYS[5]  due index of the outbox
  KEYS[6]  index of episodes
  KEYS[7]  this command

  ARGV[1]  record the change was decided on, the whole text; '': there was none
  ARGV[2]  the newest opening's seal that the change is chained to
  ARGV[3]  the newest opening's seal after it; the same where nothing is opened
  ARGV[4]  schema of the watch's record
  ARGV[5]  its record
  ARGV[6]  its seal
  ARGV[7]  ids of the newest episode of every unit and of the drill, with blanks between
  ARGV[8]  the watch's newest entry, "<sequence> <seal>"; '': it has none
  ARGV[9]  for how many ms the command is remembered
  ARGV[10] stem of record keys
  ARGV[11] stem of outbox keys
  ARGV[12] how many episodes the index holds
  ARGV[13] how every redraw of an alert's card ends: its JSON
  ARGV[14] how many audit entries follow, of five arguments each: subject id, text as sealed, seal of the entry before,
           seal, '1' where it opens a subject or ''
  then     how many episodes follow, of five arguments each: id, schema, record, seal of the record, openedAtMs
  then     notices to the end, of two arguments each: subject id, notice as stored

  Answer: {1}                          saved (now, or by the same command before)
          {0}                          the watch's record is not the one the change was decided on
          {-1, newest opening's seal}  chained to an older opening: seal again and retry
          {-2, subject id}             an entry opens a subject that has a record
]]
-- A write also here, as in save-request.lua.
if redis.call('PEXPIRE', KEYS[7], ARGV[9]) == 1 then
  return { 1 }
end
if (redis.call('HGET', KEYS[1], 'record') or '') ~= ARGV[1] then
  return { 0 }
end
local newest = redis.call('GET', KEYS[3]) or ''
if ARGV[2] ~= ARGV[3] and newest ~= ARGV[2] then
  return { -1, newest }
end
local entriesAt = 15
local episodesAt = entriesAt + 5 * ARGV[14]
for i = entriesAt, episodesAt - 1, 5 do
  if ARGV[i + 4] == '1' and ARGV[i] ~= 'watch' and redis.call('EXISTS', ARGV[10] .. ARGV[i]) == 1 then
    return { -2, ARGV[i] }
  end
end

-- The audit entries are the first writes: where Redis refuses writes (memory, disk, replicas), nothing else happens.
for i = entriesAt, episodesAt - 1, 5 do
  local entry = redis.call('XADD', KEYS[2], '*', 'request', ARGV[i], 'body', ARGV[i + 1], 'previous', ARGV[i + 2],
    'seal', ARGV[i + 3])
  if ARGV[i + 4] == '1' then
    redis.call('HSET', ARGV[10] .. ARGV[i], 'opening', entry)
  end
end
if ARGV[2] ~= ARGV[3] then
  redis.call('SET', KEYS[3], ARGV[3])
end
if ARGV[8] ~= '' then
  redis.call('SET', KEYS[4], ARGV[8])
end
redis.call('HSET', KEYS[1], 'schema', ARGV[4], 'record', ARGV[5], 'seal', ARGV[6], 'episodes', ARGV[7])
local firstNotice = episodesAt + 1 + 5 * ARGV[episodesAt]
for i = episodesAt + 1, firstNotice - 1, 5 do
  redis.call('HSET', ARGV[10] .. ARGV[i], 'schema', ARGV[i + 1], 'record', ARGV[i + 2], 'seal', ARGV[i + 3])
  redis.call('ZADD', KEYS[6], 'NX', ARGV[i + 4], ARGV[i])
end
redis.call('ZREMRANGEBYRANK', KEYS[6], 0, -1 - ARGV[12])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function isRedraw(stored)
  return string.sub(stored, -#ARGV[13]) == ARGV[13]
end
-- The first notice in line does not count: it may be on its way, drawn from the record as it was before.
local function redrawWaits(line)
  for _, stored in ipairs(redis.call('LRANGE', line, 1, -1)) do
    if isRedraw(stored) then
      return true
    end
  end
  return false
end
for i = firstNotice, #ARGV, 2 do
  local line = ARGV[11] .. ARGV[i]
  -- A card is drawn from the record as it is then, so that one redraw that waits is enough.
  if not (isRedraw(ARGV[i + 1]) and redrawWaits(line)) then
    redis.call('RPUSH', line, ARGV[i + 1])
    -- NX: where a notice is being delivered or waits for its next attempt, the new ones wait behind it.
    redis.call('ZADD', KEYS[5], 'NX', now, ARGV[i])
  end
end
redis.call('SET', KEYS[7], '1', 'PX', ARGV[9])
return { 1 }
