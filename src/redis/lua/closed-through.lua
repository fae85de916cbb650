--[[
  The requests through which units were closed.

  KEYS[1]  units closed through a request

  ARGV[1]  stem of request keys (same hash tag)
  ARGV[2...]  unit ids

  Answer: {{unit id, request id, {schema, record, record seal}}, ...} for each unit that was closed through a request
]]
local answer = {}
for i = 2, #ARGV do
  local id = redis.call('HGET', KEYS[1], ARGV[i])
  if id then
    answer[#answer + 1] = { ARGV[i], id, redis.call('HMGET', ARGV[1] .. id, 'schema', 'record', 'seal') }
  end
end
return answer
