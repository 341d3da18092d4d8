#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A person at a browser: headless Chromium loads a page, and again, and again.

It is driven over the debugging pipe, so nothing listens anywhere. Prints a line for each load, times in
milliseconds since the epoch:

    STARTED ENDED loaded ADDRESS     the server said 200, from that address, and the page is complete
    STARTED ENDED failed ERROR       the browser says why: net::ERR_CONNECTION_TIMED_OUT and so on
    STARTED ENDED given-up           the person pressed reload

Run it as the first process of a PID namespace, and nothing of Chromium outlives it.
"""

import argparse
import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1

# No sandbox: it needs namespaces of its own, and a user other than root. The rest keeps Chromium from
# whatever a first start does beside its work; it asks for names of its maker all the same.
CHROMIUM = """chromium --headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync --disable-default-apps
    --disable-extensions --disable-dev-shm-usage --disable-breakpad --metrics-recording-only
    --no-default-browser-check --password-store=basic --disable-features=HttpsUpgrades
    --remote-debugging-pipe""".split()


def now_ms():
    return int(time.time() * 1000)


class Browser:
    """One Chromium with one tab, all of its files in one folder."""

    def __init__(self, folder, options=()):
        for name in ("home", "tmp", "profile"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        home = os.path.join(folder, "home")
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("XDG_", "DBUS_")) and name != "DISPLAY"}
        environment.update(HOME=home, XDG_RUNTIME_DIR=home, TMPDIR=os.path.join(folder, "tmp"),
                           LC_ALL="C.UTF-8")
        commands, self.commands = os.pipe()
        self.events, events = os.pipe()
        # Chromium's ends become 3 and 4 there; copies above that are never in the way.
        commands, events = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (commands, events))

        def child():
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            os.dup2(commands, 3)
            os.dup2(events, 4)

        with open(os.path.join(folder, "messages"), "ab") as log:
            self.process = subprocess.Popen(
                CHROMIUM + list(options) + ["--user-data-dir=" + os.path.join(folder, "profile"), "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                close_fds=False, preexec_fn=child)
        os.close(commands)
        os.close(events)
        self.received = b""
        self.last_id = 0
        self.session = None
        self.open_tab()

    def send(self, method, **parameters):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        return self.last_id

    def receive(self, deadline_ms):
        """The next message, or None when the time is over."""
        while b"\0" not in self.received:
            wait = deadline_ms - now_ms()
            if wait <= 0 or not select.select([self.events], [], [], wait / 1000)[0]:
                return None
            data = os.read(self.events, 65536)
            if not data:
                sys.exit("Chromium ended")
            self.received += data
        message, self.received = self.received.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        call_id = self.send(method, **parameters)
        deadline = now_ms() + 60000
        while True:
            message = self.receive(deadline)
            if message is None:
                sys.exit("Chromium does not answer " + method)
            if message.get("id") == call_id:
                if "error" in message:
                    sys.exit("%s: %s" % (method, message["error"]["message"]))
                return message["result"]

    def open_tab(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        self.call("Network.enable")
        # What is loaded shall have come over the network.
        self.call("Network.setCacheDisabled", cacheDisabled=True)

    def load(self, url, give_up_ms):
        """One load from beginning to end: (end, outcome)."""
        call_id = self.send("Page.navigate", url=url)
        loader = None
        # By loader, since events of an earlier load that was given up come among these, and those of
        # this one sometimes before the answer that names its loader.
        addresses = {}
        complete = set()
        while loader is None or loader not in complete:
            message = self.receive(give_up_ms)
            if message is None:
                return now_ms(), "given-up"
            parameters = message.get("params", {})
            if message.get("id") == call_id:
                result = message.get("result", {"errorText": message.get("error")})
                if result.get("errorText"):
                    return now_ms(), "failed %s" % result["errorText"]
                loader = result["loaderId"]
            elif message.get("method") == "Network.responseReceived":
                response = parameters["response"]
                if parameters["type"] == "Document" and response["status"] == 200:
                    addresses[parameters["loaderId"]] = response.get("remoteIPAddress", "unknown")
            elif message.get("method") == "Page.lifecycleEvent" and parameters["name"] == "load":
                complete.add(parameters["loaderId"])
        return now_ms(), "loaded " + addresses[loader] if loader in addresses else "failed no page"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", help="for all of Chromium's files")
    arguments.add_argument("url")
    arguments.add_argument("--reload", type=float, default=2, metavar="SECONDS",
                           help="a new load so long after the last one began (default: 2)")
    arguments.add_argument("--patience", type=float, metavar="SECONDS",
                           help="how long a load may take (default: until the next one is due)")
    arguments.add_argument("--any-certificate", action="store_true",
                           help="take the certificate of whoever answers")
    arguments.add_argument("--feature", action="append", default=[], metavar="NAME",
                           help="switch on what this Chromium can do, but does not by default")
    options = arguments.parse_args()
    # As the first process of a PID namespace it would not get these otherwise.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    further = ["--ignore-certificate-errors"] if options.any_certificate else []
    if options.feature:
        further.append("--enable-features=" + ",".join(options.feature))
    browser = Browser(options.folder, further)
    while True:
        started = now_ms()
        ended, outcome = browser.load(
            options.url, started + int(1000 * (options.patience or options.reload)))
        print(started, ended, outcome, flush=True)
        while True:
            # Whatever comes meanwhile is of no interest, but the pipe must not fill.
            if browser.receive(started + int(1000 * options.reload)) is None:
                break


main()
