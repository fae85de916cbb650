--[[
  Takes a key for one token until its end or release. The same token may ask again (a re-sent command): still its own.
  A key without an end, or with one further away than the caller's, was set while this server's clock was wrong, or by
  somebody else: it holds nothing back.

  KEYS[1]  the key

  ARGV[1]  token
  ARGV[2]  end, in ms from now

  Answer: 1 it is the token's, 0 another token holds it
]]
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  return 1
end
local left = redis.call('PTTL', KEYS[1])
if left >= 0 and left <= tonumber(ARGV[2]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
