--[[
  What is kept beside the rules for closes, with the store's clock at the moment of reading.

  KEYS[1]  hash of the rules
  KEYS[2]  their newest entry

  Answer: {now in ms, newest entry or '', {schema, record, record seal}}
]]
local t = redis.call('TIME')
return {
  t[1] * 1000 + math.floor(t[2] / 1000),
  redis.call('GET', KEYS[2]) or '',
  redis.call('HMGET', KEYS[1], 'schema', 'record', 'seal'),
}
