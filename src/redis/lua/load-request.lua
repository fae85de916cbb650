--[[
  One record, with the store's clock at the moment of reading.

  KEYS[1]  request hash

  Answer: {now in ms, schema, record, record seal}; '' for what is missing, all of them when there is no such request
]]
local t = redis.call('TIME')
local found = redis.call('HMGET', KEYS[1], 'schema', 'record', 'seal')
return { t[1] * 1000 + math.floor(t[2] / 1000), found[1] or '', found[2] or '',
  found[3] or '' }
