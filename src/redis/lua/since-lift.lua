--[[
  How long ago the stops were lifted.

  KEYS[1]  when stops were last lifted

  Answer: ms, or -1 when they were not, or in the future by this clock
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local lifted = tonumber(redis.call('GET', KEYS[1]) or '')
if not lifted or lifted > now then
  return -1
end
return now - lifted
