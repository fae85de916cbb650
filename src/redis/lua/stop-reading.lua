--[[
  Asks a long reading to stop, on whichever replica it runs: its next report says so.

  KEYS[1]  the reading

  Answer: 1 asked, 0 it is over or never began
]]
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'stopped', '1')
return 1
