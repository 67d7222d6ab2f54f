"""A service manager of one service, as systemd does it: opens sockets, starts the program with them, hears what it says, and starts it again
when somebody comes. Told by a JSON object in argv[1]; says what happens in JSON lines on stdout; ends with its stdin."""
import json
import os
import select
import signal
import socket
import sys

told = json.loads(sys.argv[1])


def say(**what):
    print(json.dumps(what), flush=True)


def opened(kind):
    if kind == "file":
        return open("/dev/null")
    if kind == "connected":
        pair = socket.socketpair()
        kept.append(pair[1])
        return pair[0]
    if kind == "datagram":
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    elif kind == "tcp6":
        one = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    elif kind.startswith("/"):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.bind(kind if kind.startswith("/") else ("::1" if kind == "tcp6" else "127.0.0.1", 0))
    if kind.startswith("/"):
        os.chmod(kind, 0o777)
    elif kind != "datagram":
        say(port=one.getsockname()[1])
    if kind != "datagram":
        one.listen(100)
    return one


kept = []
sockets = [opened(kind) for kind in told["sockets"]]
names = list(told.get("names") or [f"name{at}" for at in range(len(sockets))])
environment = dict(told["environment"])
heard = None
if told.get("notify"):
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    path = told["notify"]
    address = "\0" + path[1:] if path.startswith("@") else path
    heard.bind(address)
    heard.setblocking(False)
    if not path.startswith("@"):
        os.chmod(path, 0o777)
    if told.get("notifyDescriptor"):
        way = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        way.connect(address)
        sockets.append(way)
        names.append("notify")
    else:
        environment["NOTIFY_SOCKET"] = path


def start():
    pid = os.fork()
    if pid > 0:
        say(started=pid)
        return pid
    moved = [os.dup2(one.fileno(), 100 + at, False) for at, one in enumerate(sockets)]
    for at, number in enumerate(moved):
        os.dup2(number, 3 + at, True)
    if sockets:
        meant = 1 if told.get("notForUs") else os.getpid()
        environment.update(LISTEN_PID=str(meant), LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=":".join(names))
    if "watchdog" in told:
        environment.update(WATCHDOG_USEC=str(told["watchdog"]), WATCHDOG_PID=str(os.getpid()))
    os.execve(told["argv"][0], told["argv"], environment)


def hear():
    while heard is not None:
        try:
            text, extra, _, _ = heard.recvmsg(65536, 4096)
        except BlockingIOError:
            return
        say(heard=text.decode(), pid=int.from_bytes(extra[0][2][:4], "little"))


pid = start()
while True:
    ready = select.select([0], [], [], 0.02)[0]
    if ready and not os.read(0, 1):
        break
    hear()
    if pid == 0:
        if told.get("restart") and select.select(sockets, [], [], 0)[0]:
            pid = start()
        continue
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        hear()
        say(ended=os.waitstatus_to_exitcode(status))
        pid = 0
if pid:
    os.kill(pid, signal.SIGKILL)
