--[[
  Notes how far a long reading is, for all replicas, until its end.

  KEYS[1]  the reading

  ARGV[1]  calls made
  ARGV[2]  calls in all, as far as is known
  ARGV[3]  end, in ms from now

  Answer: 1 somebody asked to stop it, 0 nobody did
]]
redis.call('HSET', KEYS[1], 'done', ARGV[1], 'of', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('HEXISTS', KEYS[1], 'stopped')
