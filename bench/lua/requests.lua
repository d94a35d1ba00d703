-- Sends the requests of a file in turn. A line has the path and body of one request, with a tab between.
-- Arguments: method, file, tag. @TAG@ and @N@ in a body become the tag and a running number,
-- so that names never repeat. Requests without them are formatted once, before the clock starts.

local ready = {}
local templates = {}
local count = 0
local sent = 0
local method, tag

function init(args)
  method, tag = args[1], args[3]
  for line in io.lines(args[2]) do
    local path, body = line:match("^([^\t]*)\t(.*)$")
    count = count + 1
    if body:find("@N@", 1, true) then
      templates[count] = { path = path, body = (body:gsub("@TAG@", tag)) }
    else
      ready[count] = wrk.format(method, path, nil, body ~= "" and body or nil)
    end
  end
end

function request()
  local turn = sent % count + 1
  sent = sent + 1
  if ready[turn] then
    return ready[turn]
  end
  local template = templates[turn]
  local body = template.body:gsub("@N@", tostring(sent))
  return wrk.format(method, template.path, nil, body)
end

-- The one line that the harness reads.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, ' ..
    '"failed_connections": %d, "failed_statuses": %d, "timeouts": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write, errors.status, errors.timeout))
end
