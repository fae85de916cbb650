--[[
  Releases a key, if this token holds it.

  KEYS[1]  the key

  ARGV[1]  token

  Answer: 1 released, 0 another token or none holds it
]]
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
