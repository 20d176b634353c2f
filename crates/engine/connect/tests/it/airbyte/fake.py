# A connector that does what a list of steps says.
import json
import os
import signal
import subprocess
import sys
import time

verb = sys.argv[1]
options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
config = json.load(open(options["--config"])) if "--config" in options else {}
# It lies in an environment below the place.
place = config.get("place") or os.path.abspath(os.path.join(os.path.dirname(sys.argv[0]), "..", "..", ".."))


def say(message):
    print(json.dumps(message), flush=True)


def record(data, stream="users"):
    say({"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}})


def state(at):
    of = {"stream_descriptor": {"name": "users"}, "stream_state": {"at": at}}
    say({"type": "STATE", "state": {"type": "STREAM", "stream": of, "sourceStats": {"recordCount": 1.0}}})


def status(word):
    of = {"stream_descriptor": {"name": "users"}, "status": word}
    say({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1.5, "stream_status": of}})


seen = {
    "verb": verb,
    "config": config,
    "modes": [oct(os.stat(path).st_mode & 0o777) for path in options.values()],
    "paths": sorted(options.values()),
    "environment": sorted(os.environ),
    "state": json.load(open(options["--state"])) if "--state" in options else None,
    "catalog": json.load(open(options["--catalog"])) if "--catalog" in options else None,
}
with open(os.path.join(place, "seen.jsonl"), "a") as log:
    log.write(json.dumps(seen) + "\n")

script = json.load(open(os.path.join(place, "script.json")))
if verb == "discover":
    say({"type": "CATALOG", "catalog": {"streams": script["streams"]}})
if verb == "spec":
    say({"type": "SPEC", "spec": {"connectionSpecification": {"properties": {"token": {"type": "string", "airbyte_secret": True}}}}})
if verb == "check":
    say({"type": "CONNECTION_STATUS", "connectionStatus": script.get("check", {"status": "SUCCEEDED"})})
for step in script["steps"] if verb == "read" else []:
    kind, value = next(iter(step.items()))
    if kind == "say":
        say(value)
    elif kind == "raw":
        print(value, flush=True)
    elif kind == "record":
        record(value)
    elif kind == "other":
        record(value, "other")
    elif kind == "state":
        state(value)
    elif kind == "status":
        status(value)
    elif kind == "count":
        # Records from the one after the state on, with a state after every few.
        since = (seen["state"] or [{}])[0].get("stream", {}).get("stream_state", {}).get("at", 0)
        for number in range(since + 1, value["to"] + 1):
            record({"id": number, "text": "x" * value.get("bytes", 1)})
            if number % value["every"] == 0:
                state(number)
    elif kind == "stderr":
        print(value, file=sys.stderr, flush=True)
    elif kind == "spawn":
        child = subprocess.Popen(["sleep", "600"])
        with open(os.path.join(place, "pids"), "w") as pids:
            pids.write(f"{os.getpid()} {child.pid}")
    elif kind == "sleep":
        time.sleep(value)
    elif kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "exit":
        sys.exit(value)
