--[[
  Sets when a request is looked at again, if it is still watched and unchanged.

  KEYS[1]  request hash
  KEYS[2]  attention index

  ARGV[1]  request id
  ARGV[2]  revision the caller saw
  ARGV[3]  when, in ms

  Answer: 1 set, 0 left alone
]]
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[2] or not redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  return 0
end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return 1
