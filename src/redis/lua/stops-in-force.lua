--[[
  Which of these buckets are stopped now, and for how long still.

  KEYS[1]  stops

  ARGV[1]  how long a stop can last, in ms
  ARGV[2...]  buckets

  Answer: {bucket, ms left, cause, ...}, all text
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local answer = {}
for i = 2, #ARGV do
  local stop = redis.call('HGET', KEYS[1], ARGV[i])
  local ends = stop and tonumber(string.match(stop, '^%d+'))
  if ends and ends > now then
    answer[#answer + 1] = ARGV[i]
    answer[#answer + 1] = string.format('%.0f', math.min(ends - now, ARGV[1]))
    answer[#answer + 1] = string.match(stop, '^%d+ ?(.*)$')
  end
end
return answer
