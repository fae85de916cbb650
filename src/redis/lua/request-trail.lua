--[[
  Entries of the audit stream from the opening of a subject on, other subjects' among them; all of them where the
  opening is not known. Changes nothing.

  KEYS[1]  hash of the subject
  KEYS[2]  audit stream

  ARGV[1]  at most so many

  Answer: {{stream id, {field, value, ...}}, ...}, oldest first
]]
return redis.call('XRANGE', KEYS[2], redis.call('HGET', KEYS[1], 'opening') or '-', '+', 'COUNT', ARGV[1])
