--[[
  Releases a key, if this token holds it: at once, or after a time.

  KEYS[1]  the key

  ARGV[1]  token
  ARGV[2]  after so many ms; 0: at once

  Answer: 1 released, 0 another token or none holds it
]]
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
