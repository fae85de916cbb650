--[[
  The requests through which units were closed.

  KEYS[1]  units closed through a request

  ARGV[1]  stem of request keys (same hash tag)
  ARGV[2...]  unit ids

  Answer: {unit id, request id, schema, record, ...} for those units that have one; '' where the record is missing
]]
local answer = {}
for i = 2, #ARGV do
  local id = redis.call('HGET', KEYS[1], ARGV[i])
  if id then
    local record = redis.call('HMGET', ARGV[1] .. id, 'schema', 'record')
    answer[#answer + 1] = ARGV[i]
    answer[#answer + 1] = id
    answer[#answer + 1] = record[1] or ''
    answer[#answer + 1] = record[2] or ''
  end
end
return answer
