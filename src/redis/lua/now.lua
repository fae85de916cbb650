--[[
  The store's clock.

  KEYS[1]  any key of the close requests: on Cluster it leads to the node whose clock decides deadlines

  Answer: UTC milliseconds
]]
redis.call('EXISTS', KEYS[1])
local t = redis.call('TIME')
return t[1] * 1000 + math.floor(t[2] / 1000)
