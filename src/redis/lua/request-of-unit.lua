--[[
  The open request that holds a unit.

  KEYS[1]  unit key

  ARGV[1]  stem of request keys (same hash tag)

  Answer: {} when no open request holds it; else {id, {schema, record, record seal}}
]]
local id = redis.call('GET', KEYS[1])
if not id then
  return {}
end
return { id, redis.call('HMGET', ARGV[1] .. id, 'schema', 'record', 'seal') }
