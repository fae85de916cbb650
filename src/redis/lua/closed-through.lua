--[[
  The requests through which units were closed.

  KEYS[1]  units closed through a request

  ARGV[1]  stem of request keys (same hash tag)
  ARGV[2...]  unit ids

  Answer: {request id, schema, record, record seal, ...} for each unit, in their order; '' for what is missing
]]
local answer = {}
for i = 2, #ARGV do
  local id = redis.call('HGET', KEYS[1], ARGV[i])
  local record = id and redis.call('HMGET', ARGV[1] .. id, 'schema', 'record', 'seal') or {}
  answer[#answer + 1] = id or ''
  answer[#answer + 1] = record[1] or ''
  answer[#answer + 1] = record[2] or ''
  answer[#answer + 1] = record[3] or ''
end
return answer
