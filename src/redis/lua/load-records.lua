--[[
  Records by their ids.

  KEYS[1]  any key of the records, which leads to their node on Cluster

  ARGV[1]  stem of record keys (same hash tag)
  then     ids to the end

  Answer: {{schema, record, record seal}, ...}, in their order
]]
local answer = {}
for i = 2, #ARGV do
  answer[i - 1] = redis.call('HMGET', ARGV[1] .. ARGV[i], 'schema', 'record', 'seal')
end
return answer
