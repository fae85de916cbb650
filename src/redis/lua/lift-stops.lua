--[[
  Lifts every stop, and notes when, for processes that remember one.

  KEYS[1]  stops
  KEYS[2]  when stops were last lifted

  ARGV[1]  how long a stop can last, in ms; the time of the lift is kept as long

  Answer: the time of the lift, in ms
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], string.format('%.0f', now), 'PX', ARGV[1])
return now
