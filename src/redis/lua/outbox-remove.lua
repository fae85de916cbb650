--[[
  Takes the first notice of a subject out of its line, because it was delivered or goes into a list for later; the next
  one of the subject is due at once. Only the first notice in line can be removed, so a repeat (a re-sent command, a
  caller whose lease ran out) changes nothing.

  KEYS[1]  outbox of the subject
  KEYS[2]  due index of the outbox
  KEYS[3]  attempts counted
  KEYS[4]  times left counted
  KEYS[5]  times given out counted
  KEYS[6]  list of notices kept, or of those set aside

  ARGV[1]  subject id
  ARGV[2]  notice id
  ARGV[3]  what its entry for the list begins with: the subject id, a blank and perhaps more; '': delivered
  ARGV[4]  the notice as it is in the list, or '': as it was in the line
  ARGV[5]  notice that takes its place in the line, or ''
  ARGV[6]  how an entry ends of which the list needs only one for each subject (a card is drawn from the record as it
           is then), or ''

  Answer: 2 removed and the next one is due, 1 removed and nothing waits behind it, 0 not the first in line
]]
local function begins(text, beginning)
  return string.sub(text, 1, #beginning) == beginning
end
local function ends(text, ending)
  return ending ~= '' and string.sub(text, -#ending) == ending
end

local first = redis.call('LINDEX', KEYS[1], 0)
if not first or string.match(first, '^[^ ]*') ~= ARGV[2] then
  return 0
end
if ARGV[5] == '' then
  redis.call('LPOP', KEYS[1])
else
  redis.call('LSET', KEYS[1], 0, ARGV[5])
end
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[5], ARGV[1])
if ARGV[3] ~= '' then
  local entry = ARGV[3] .. (ARGV[4] == '' and first or ARGV[4])
  local listed = false
  if ends(entry, ARGV[6]) then
    for _, other in ipairs(redis.call('LRANGE', KEYS[6], 0, -1)) do
      listed = listed or (begins(other, ARGV[1] .. ' ') and ends(other, ARGV[6]))
    end
  end
  if not listed then
    redis.call('RPUSH', KEYS[6], entry)
  end
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 1
end
local t = redis.call('TIME')
redis.call('ZADD', KEYS[2], t[1] * 1000 + math.floor(t[2] / 1000), ARGV[1])
return 2
