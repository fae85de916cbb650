--[[
  Adds one reading of several units to their history: to the open span of each list, or as a new one. A list holds a
  bounded number of spans, oldest first, each "<number of the span> <values>": one value where lowest, highest and last
  are the same, else the three of them. `-` is an LTV that isn't defined, which is above all others. A reading older than
  the newest span is left out: a clock that steps back rewrites nothing. Sent twice it changes nothing but the same
  values. Keys are built from the stem (same hash tag).

  KEYS[1]  any key of the watch, which leads to its node on Cluster

  ARGV[1]  stem of the lists
  ARGV[2]  time of the reading, in ms
  ARGV[3]  how many lists each unit has, of three arguments each: name of the step, its length in ms, spans kept
  then     units to the end, of two arguments each: unit id, LTV or '-'

  Answer: how many lists were written
]]
local function above(a, b)
  if a == '-' or b == '-' then
    return a == '-' and b ~= '-'
  end
  return tonumber(a) > tonumber(b)
end

local unitsAt = 4 + 3 * ARGV[3]
local written = 0
for unit = unitsAt, #ARGV, 2 do
  local ltv = ARGV[unit + 1]
  for step = 4, unitsAt - 1, 3 do
    local key = ARGV[1] .. ARGV[step] .. ':' .. ARGV[unit]
    local length, spans = tonumber(ARGV[step + 1]), tonumber(ARGV[step + 2])
    local now = math.floor(ARGV[2] / length)
    local newest = redis.call('LINDEX', key, -1)
    local number, lowest, highest = string.match(newest or '', '^(%d+) (%S+) ?(%S*)')
    number = tonumber(number) or -1
    if number == now then
      if highest == '' then
        highest = lowest
      end
      lowest = above(lowest, ltv) and ltv or lowest
      highest = above(ltv, highest) and ltv or highest
    else
      lowest, highest = ltv, ltv
    end
    if number <= now then
      local values = lowest == highest and ltv or lowest .. ' ' .. highest .. ' ' .. ltv
      local span = string.format('%.0f', now) .. ' ' .. values
      if number == now then
        redis.call('LSET', key, -1, span)
      else
        redis.call('RPUSH', key, span)
        redis.call('LTRIM', key, -spans, -1)
      end
      -- A unit that is no longer read is forgotten once all of its spans would be too old.
      redis.call('PEXPIRE', key, length * spans)
      written = written + 1
    end
  end
end
return written
