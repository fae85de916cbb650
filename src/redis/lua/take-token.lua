--[[
  Takes a key for one token until its end or release. The same token may ask again (a re-sent command): still its own.

  KEYS[1]  the key

  ARGV[1]  token
  ARGV[2]  end, in ms from now

  Answer: 1 it is the token's, 0 another token holds it
]]
local holder = redis.call('GET', KEYS[1])
if holder then
  return holder == ARGV[1] and 1 or 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
