--[[
  One record, with the store's clock at the moment of reading.

  KEYS[1]  request hash

  Answer: {now in ms, {schema, record, record seal}}
]]
local t = redis.call('TIME')
return { t[1] * 1000 + math.floor(t[2] / 1000), redis.call('HMGET', KEYS[1], 'schema', 'record', 'seal') }
