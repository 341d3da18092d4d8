# SPDX-License-Identifier: GPL-2.0-or-later
"""A real knotd with mod-arrival in a network namespace of its own, for the tests beside this file.

A test runs in the top build folder. The namespace has no name: it is gone with the last process, which
dies with the test.
"""

import atexit
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SKIP = 77
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1

BUILD = os.environ.get("ARRIVAL_BUILD", os.getcwd())
MODULE = os.path.join(BUILD, ".libs", "arrival.so")
TABLE_TOOL = os.path.join(BUILD, "tests", "module", "table_tool")

# The site of the documentation: addresses of the gateway that knotd listens on.
PRIMARY, BACKUP, LAN = "192.168.2.1", "172.16.1.1", "10.0.0.1"
PRIMARY6, BACKUP6, LAN6 = "2001:db8:1::2", "2001:db8:2::2", "fd00:10::1"
SERVER, SERVER6 = "10.0.0.10", "fd00:10::10"
PLACEHOLDER, PLACEHOLDER6 = "192.0.2.99", "2001:db8:99::99"
OUTSIDE, OUTSIDE6 = "203.0.113.9", "2001:db8:9::9"
LAN_CLIENT, LAN_CLIENT6 = "10.0.0.77", "fd00:10::77"
ADDRESSES = [PRIMARY, BACKUP, LAN, OUTSIDE, LAN_CLIENT]
ADDRESSES6 = [PRIMARY6, BACKUP6, LAN6, OUTSIDE6, LAN_CLIENT6]
LISTEN = [PRIMARY, BACKUP, LAN, PRIMARY6, BACKUP6, LAN6]

ZONE = """
$TTL 86400
@       SOA   www-ns1.example.com. hostmaster.example.com. 1 10800 3600 604800 10
@       NS    www-ns1.example.com.
@       NS    www-ns2.example.com.
@       10    A     {a}
@       10    AAAA  {aaaa}
@       TXT   "placeholder"
@       MX    10 @
api     10    A     {a}
api     10    AAAA  {aaaa}
alias   CNAME @
chain   CNAME alias
away    CNAME www.example.net.
mail    MX    10 api
        MX    20 other
other   A     198.51.100.7
_srv._tcp SRV 1 1 443 @
""".format(a=PLACEHOLDER, aaaa=PLACEHOLDER6)

TABLE = """
uplink 1 primary usable {p} {p6} bind address {p} bind address {p6}
uplink 2 backup usable {b} {b6} bind address {b} bind address {b6}
lan 10.0.0.0/24 fd00:10::/64
host www.example.com ready 1,2 lan {s} lan {s6}
host api.www.example.com ready 1,2 lan {s} lan {s6}
""".format(p=PRIMARY, p6=PRIMARY6, b=BACKUP, b6=BACKUP6, s=SERVER, s6=SERVER6)


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIP)


try:
    import dns.edns
    import dns.exception
    import dns.flags
    import dns.message
    import dns.opcode
    import dns.query
    import dns.rcode
    import dns.rdatatype
    import dns.tsigkeyring
except ImportError:
    skip("no dnspython")

libc = ctypes.CDLL(None, use_errno=True)
children = []
folders = []


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(arguments, **options):
    child = subprocess.Popen(arguments, preexec_fn=die_with_parent, **options)
    children.append(child)
    return child


@atexit.register
def clean_up():
    for child in children:
        if child.poll() is None:
            child.kill()
            child.wait()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def run(line):
    subprocess.run(line.split(), check=True)


def make_world(device, addresses, others):
    """What is behind a device of ours: a namespace with addresses of its own, which ends with the process."""
    inside = start(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    place = lambda pid: os.readlink("/proc/%s/ns/net" % pid)
    wait_for(lambda: place(inside.pid) != place("self"), "a namespace")
    enter = "nsenter --net=/proc/%d/ns/net " % inside.pid
    run("ip link add %s type veth peer name eth0 netns %d" % (device, inside.pid))
    for prefix, name, held in (("", device, addresses), (enter, "eth0", others)):
        for address in held:
            run("%sip addr add %s dev %s%s" % (prefix, address, name, " nodad" if ":" in address else ""))
        run("%sip link set %s up" % (prefix, name))
    return inside


def enter_namespace():
    """Leave the host's network for an empty one with the site's addresses."""
    if os.geteuid() != 0:
        skip("not root")
    for program in ("knotd", "knotc", "ip"):
        if shutil.which(program) is None:
            skip("no " + program)
    if libc.unshare(CLONE_NEWNET) != 0:
        skip("no network namespaces")
    run("ip link set lo up")
    for address in ADDRESSES:
        run("ip addr add %s/32 dev lo" % address)
    for address in ADDRESSES6:
        run("ip addr add %s/128 dev lo nodad" % address)


def wait_for(condition, what, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError("waited in vain for " + what)


def make_folder():
    folder = tempfile.mkdtemp(prefix="mh-module-")
    folders.append(folder)
    os.chmod(folder, 0o755)
    return folder


def knot_user():
    import pwd
    try:
        return pwd.getpwnam("knot")
    except KeyError:
        return None


class Table:
    """A table and the program that writes it."""

    def __init__(self, path, text=TABLE):
        self.path = path
        self.tool = start([TABLE_TOOL, path, "knot"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, bufsize=1)
        if text is not None:
            self.publish(text)

    def send(self, text, verb):
        self.tool.stdin.write(text + "\n" + verb + "\n")
        self.tool.stdin.flush()
        assert self.tool.stdout.readline() == "ok\n", "table_tool failed"

    def publish(self, text):
        self.send(text, "publish")

    def heartbeat(self):
        self.send("", "heartbeat")

    def close(self):
        self.tool.stdin.close()
        assert self.tool.wait(10) == 0


class Knotd:
    """knotd with the module; zones is {name: (zone text, module)}."""

    start_seconds = 30

    def __init__(self, zones=None, modules="", listen=None, extra="", server="", wait=True, prefix=(),
                 zone_options="", workers=int(os.environ.get("ARRIVAL_WORKERS", "1"))):
        self.folder = make_folder()
        self.conf = os.path.join(self.folder, "knot.conf")
        self.log_path = os.path.join(self.folder, "log")
        self.module = os.path.join(self.folder, "arrival.so")
        shutil.copy(MODULE, self.module)
        self.prefix = list(prefix)
        self.listen = listen if listen is not None else LISTEN
        self.modules, self.extra, self.workers = modules, extra, workers
        self.server = server
        self.zone_options = zone_options
        self.zones = zones if zones is not None else {"www.example.com": (ZONE, "mod-arrival/site")}
        self.write()
        user = knot_user()
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.process = None
        if wait:
            self.start()

    def write(self):
        lines = ["server:", "    rundir: " + self.folder,
                 "    listen: [%s]" % ", ".join(
                     "%s@%s" % tuple(l.split("@")) if "@" in l else l + "@53" for l in self.listen),
                 "    udp-workers: %d" % self.workers, "    tcp-workers: 2",
                 "    background-workers: 1", self.server]
        if knot_user() is not None:
            lines.append("    user: knot:knot")
        lines += ["log:", "  - target: stderr", "    any: info",
                  "database:", "    storage: " + self.folder, self.extra,
                  "module:", "  - id: mod-arrival", "    file: " + self.module,
                  self.modules, "zone:"]
        for name, (text, module) in self.zones.items():
            path = os.path.join(self.folder, name + ".zone")
            # knotd may be reading the old one, and has it in memory by mmap(2): cut, it would be SIGBUS.
            with open(path + ".new", "w") as file:
                file.write(text)
            os.rename(path + ".new", path)
            lines += ["  - domain: " + name, "    file: " + path,
                      "    zonefile-load: whole", "    zonefile-sync: -1", "    journal-content: none"]
            if module is not None:
                lines.append("    module: %s" % module)
            if self.zone_options:
                lines.append(self.zone_options)
        with open(self.conf, "w") as file:
            file.write("\n".join(lines) + "\n")

    def environment(self):
        """A module that is built with sanitizers needs their library in whoever loads it."""
        environment = dict(os.environ)
        linked = subprocess.run(["ldd", self.module], capture_output=True, text=True).stdout
        preload = [word for word in linked.split() if word.startswith("/") and ("asan" in word or "tsan" in word)]
        if preload:
            environment["LD_PRELOAD"] = preload[0]
            environment["ASAN_OPTIONS"] = "detect_leaks=0"
            environment["TSAN_OPTIONS"] = "ignore_noninstrumented_modules=1 suppressions=" + os.path.join(
                os.path.dirname(os.path.abspath(__file__)), "..", "tsan.supp")
        return environment

    def start(self):
        log = open(self.log_path, "ab")
        self.process = start(self.prefix + ["knotd", "-c", self.conf], stderr=log, stdout=log,
                             env=self.environment())
        wait_for(lambda: "server started" in self.log() or self.process.poll() is not None,
                 "the start of knotd", self.start_seconds)
        assert self.process.poll() is None, self.log()

    def stop(self):
        """An orderly end, whose exit code tells of crashes and of what sanitizers found."""
        self.process.terminate()
        code = self.process.wait(30)
        assert code == 0, "knotd ended with %s\n%s" % (code, self.log())
        return self

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def control(self, *words):
        done = subprocess.run(["knotc", "-c", self.conf, "-s", os.path.join(self.folder, "knot.sock"),
                               "-t", "30"] + list(words), capture_output=True, text=True,
                              env=self.environment())
        assert done.returncode == 0, "%s%sknotd: %s\n%s" % (
            done.stdout, done.stderr, "runs" if self.process.poll() is None else self.process.returncode, self.log())
        return done.stdout

    def statistics(self):
        """The module's counters, summed up over the zones."""
        counters = {}
        text = self.control("zone-stats", *list(self.zones)[:1])
        for line in text.splitlines():
            if "mod-arrival" in line and "=" in line:
                name, value = line.split("=")
                counters[name.split("mod-arrival.")[1].strip()] = int(value)
        return counters


def takes(server_options, what):
    """Skip where this version of knotd does not know options of its section server."""
    path = os.path.join(make_folder(), "knot.conf")
    with open(path, "w") as file:
        file.write("server:\n    rundir: /tmp\n" + server_options)
    done = subprocess.run(["knotc", "-c", path, "conf-check"], capture_output=True, text=True)
    if done.returncode != 0:
        version = subprocess.run(["knotd", "-V"], capture_output=True, text=True).stdout.strip()
        skip("%s: %s: %s" % (version, what, (done.stdout + done.stderr).strip().splitlines()[0]))


def kdig(*words, inside=None):
    """What kdig prints, asked from the network namespace of a process, or from here."""
    prefix = ["nsenter", "--net=/proc/%d/ns/net" % inside.pid] if inside is not None else []
    done = subprocess.run(prefix + ["kdig", "+timeout=5", "+retry=2"] + list(words),
                          capture_output=True, text=True)
    assert done.returncode == 0, done.args + [done.stdout, done.stderr]
    return done.stdout


def query(name, rrtype, at, source=None, tcp=False, edns=None, do=False, options=None, key=None,
          payload=1232, rdclass="IN", timeout=5, port=53, flags=None, opcode=None):
    message = dns.message.make_query(name, rrtype, rdclass, use_edns=0 if (edns or do) else False,
                                     want_dnssec=do, payload=payload, options=options)
    if not (edns or do):
        message.use_edns(False)
    if flags is not None:
        message.flags = flags
    if opcode is not None:
        message.set_opcode(opcode)
    if key is not None:
        message.use_tsig(dns.tsigkeyring.from_text({key[0]: key[1]}), algorithm="hmac-sha256")
    ask = dns.query.tcp if tcp else dns.query.udp
    options = {} if tcp else {"raise_on_truncation": False, "ignore_unexpected": False}
    return ask(message, at, timeout=timeout, port=port, source=source, **options)


def addresses(response, rrtype=None):
    """Texts of the address records in the answer, in order."""
    found = []
    for rrset in response.answer:
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            if rrtype is None or dns.rdatatype.to_text(rrset.rdtype) == rrtype:
                found += [rdata.to_text() for rdata in rrset]
    return found


def ede_codes(response):
    return [option.code for option in response.options if option.otype == dns.edns.EDE]


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError("%s: got %r, wanted %r" % (what, got, wanted))
