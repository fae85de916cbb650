--[[
  Which of these scopes are stopped now.

  KEYS[1]  stops

  ARGV[1...]  scopes

  Answer: {scope, "<untilMs> <reason>", ...}
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local answer = {}
for _, scope in ipairs(ARGV) do
  local stop = redis.call('HGET', KEYS[1], scope)
  if stop and tonumber(string.match(stop, '^%d+')) > now then
    answer[#answer + 1] = scope
    answer[#answer + 1] = stop
  end
end
return answer
