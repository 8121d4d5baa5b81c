-- Replays the requests of a file in a cycle. The file holds, for each request, its length in
-- decimal, a newline, and its bytes: nothing is formatted or signed while the clock runs.
--
-- Arguments: for each thread, the port it drives and its file.

local threads = 0
local requests = {}
local position = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  wrk.thread.addr = wrk.lookup("127.0.0.1", args[2 * number - 1])[1]
  local file = assert(io.open(args[2 * number], "rb"))
  local length = file:read("*n", "*l")
  while length do
    requests[#requests + 1] = file:read(length)
    length = file:read("*n", "*l")
  end
  file:close()
  -- Threads are as far apart as they can be: they do not meet at the same items.
  position = math.floor(#requests * (number - 1) / (#args / 2))
end

function request()
  position = position + 1
  if position > #requests then
    position = 1
  end
  return requests[position]
end

-- One line for the harness to parse; latencies and the duration are in microseconds.
function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    "bench requests=%d duration_us=%d bytes=%d p50_us=%d p99_us=%d connect=%d read=%d write=%d"
      .. " status=%d timeout=%d\n",
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
