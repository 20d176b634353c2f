# Runs one command in a session of its own, and ends it with all that it started as soon as standard input ends: whoever holds the other end
# has died then, even by SIGKILL, or wants no more. The folder goes with it, because it holds secrets.
import os
import shutil
import signal
import subprocess
import sys
import threading

folder, command = sys.argv[1], sys.argv[2:]


def end(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except OSError:
        pass


def watch(child):
    while os.read(0, 4096):
        pass
    end(child)


code = 127
try:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=watch, args=(child,), daemon=True).start()
    code = child.wait()
    end(child)
except OSError as error:
    print(error, file=sys.stderr, flush=True)
finally:
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
os._exit(code if code >= 0 else 128 - code)
