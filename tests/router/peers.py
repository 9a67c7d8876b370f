#!/usr/bin/env python3
"""Checks what `ovhconnect router` writes for FRR and BIRD with FRR and BIRD.

    peers.py OVHCONNECT

First the programs read what is written for every example. Then a router that is configured by it meets
OVHcloud, played by the other program with a configuration of this file, in network namespaces: at two PoPs,
one of them the backup, and at the two devices of a datacenter. Where namespaces cannot be made (that takes
root and a kernel that allows it), that part is skipped, and said so.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = sorted((HERE.parent.parent / "examples").glob("*.yaml"))
TOPOLOGY = HERE / "topology.yaml"
FRR = pathlib.Path("/usr/lib/frr")
DEADLINE = 180.0

PRIMARY = "pn-12345/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01"
BACKUP = "pn-12345/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02"
ANNOUNCED, KEPT = "192.168.100.0/24", "192.168.200.0/24"
KNOWN, FOREIGN = ["10.1.0.0/24", "192.168.10.0/24"], "203.0.113.0/24"


def run(*command, check=True):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def generate(program, flavour, *arguments, topology=TOPOLOGY):
    return run(program, "router", topology, "--format", flavour, *arguments)


def until(what, holds):
    """Looks again and again until `holds` returns a true value, and returns that."""
    end = time.monotonic() + DEADLINE
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {DEADLINE:.0f} s: {what}")
        time.sleep(0.25)


class Node:
    """A network namespace with a routing daemon in it."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.space = f"{lab.prefix}{name}"
        self.folder = lab.folder / name
        self.folder.mkdir()
        run("ip", "netns", "add", self.space)
        self.ip("link", "set", "lo", "up")
        self.inside("sysctl", "-qw", "net.ipv4.ip_forward=1")

    def inside(self, *command, check=True):
        return run("ip", "netns", "exec", self.space, *command, check=check)

    def ip(self, *arguments):
        return self.inside("ip", *arguments)

    def lan(self, name, address):
        """A network of the customer's: a cable whose other end is here as well."""
        self.ip("link", "add", name, "type", "veth", "peer", f"{name}-far")
        self.ip("address", "add", address, "dev", name)
        self.ip("link", "set", name, "up")
        self.ip("link", "set", f"{name}-far", "up")

    def start(self, configuration):
        path = self.folder / "daemon.conf"
        path.write_text(configuration)
        self.launch(path)

    def kernel_route(self, prefix):
        routes = json.loads(self.ip("-json", "route", "show", "exact", prefix) or "[]")
        hops = set()
        for route in routes:
            hops.update(hop["gateway"] for hop in route.get("nexthops", [route]) if "gateway" in hop)
        return hops


class Frr(Node):
    flavour = "frr"

    def launch(self, path):
        shutil.chown(self.folder, "frr", "frr")
        for daemon in ["zebra", "bgpd", "bfdd", "staticd"]:
            options = ["-d", "-u", "frr", "-g", "frr", "-f", "/dev/null", "-A", "127.0.0.1"]
            options += ["-z", self.folder / "zserv", "--vty_socket", self.folder]
            options += ["-i", self.folder / f"{daemon}.pid"]
            options += ["--bfdctl", self.folder / "bfdd.sock"] if daemon == "bfdd" else []
            self.inside(FRR / daemon, *options)
        until("FRR's daemons listen", lambda: len(list(self.folder.glob("*.vty"))) == 4)
        self.vtysh("-f", path)

    def vtysh(self, *arguments):
        return self.inside("vtysh", "--vty_socket", self.folder, "--config_dir", self.folder, *arguments)

    def show(self, what):
        return json.loads(self.vtysh("-c", f"show {what} json"))

    def established(self):
        peers = self.show("bgp ipv4 unicast summary").get("peers", {})
        return {peer for peer, state in peers.items() if state["state"] == "Established"}

    def bfd_up(self):
        return {peer["peer"] for peer in self.show("bfd peers") if peer["status"] == "up"}

    def learnt(self):
        """Prefix -> the AS paths under which it was learnt."""
        routes = self.show("bgp ipv4 unicast").get("routes", {})
        return {prefix: [path["path"] for path in paths if path.get("path")] for prefix, paths in routes.items()}

    def stop(self):
        for pid in self.folder.glob("*.pid"):
            run("kill", pid.read_text().strip(), check=False)

    @staticmethod
    def played(asn, address, neighbor, neighbor_asn, announced):
        """OVHcloud's side."""
        networks = "".join(f"  network {prefix}\n" for prefix in announced)
        blackholes = "".join(f"ip route {prefix} blackhole\n" for prefix in announced)
        return f"""{blackholes}router bgp {asn}
 bgp router-id {address}
 no bgp ebgp-requires-policy
 neighbor {neighbor} remote-as {neighbor_asn}
 neighbor {neighbor} bfd
 neighbor {neighbor} timers connect 2
 address-family ipv4 unicast
{networks} exit-address-family
exit
"""


class Bird(Node):
    flavour = "bird"

    def launch(self, path):
        self.inside("bird", "-c", path, "-s", self.folder / "bird.ctl", "-P", self.folder / "bird.pid")

    def show(self, *what):
        return self.inside("birdc", "-s", self.folder / "bird.ctl", "show", *what)

    def established(self):
        peers, up = set(), False
        for line in self.show("protocols", "all").splitlines():
            if line and not line[0].isspace():
                up = "Established" in line
            elif up and "Neighbor address:" in line:
                peers.add(line.split()[-1])
        return peers

    def bfd_up(self):
        lines = [line.split() for line in self.show("bfd", "sessions").splitlines()]
        return {line[0] for line in lines if len(line) > 2 and line[2] == "Up"}

    def learnt(self):
        routes, prefix = {}, None
        for line in self.show("route", "all").splitlines():
            words = line.split()
            if words and "/" in words[0] and not line[0].isspace():
                prefix = words[0]
            elif words and words[0] == "BGP.as_path:":
                routes.setdefault(prefix, []).append(" ".join(words[1:]))
        return routes

    def stop(self):
        pid = self.folder / "bird.pid"
        if pid.exists():
            run("kill", pid.read_text().strip(), check=False)

    @staticmethod
    def played(asn, address, neighbor, neighbor_asn, announced):
        """OVHcloud's side."""
        routes = "".join(f"  route {prefix} blackhole;\n" for prefix in announced)
        return f"""router id {address};
protocol device {{ }}
protocol bfd {{ }}
protocol static {{
  ipv4;
{routes}}}
protocol bgp {{
  local {address} as {asn};
  neighbor {neighbor} as {neighbor_asn};
  connect delay time 1;
  bfd on;
  ipv4 {{ import all; export all; }};
}}
"""


class Lab:
    """Namespaces that go away in the end."""

    def __init__(self):
        self.prefix = f"occ{os.getpid()}-"
        self.nodes, self.bridges = [], []

    def __enter__(self):
        # FRR's daemons run as another user and have to get there.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ovhconnect-peers-"))
        self.folder.chmod(0o755)
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.stop()
        for space in [node.space for node in self.nodes] + self.bridges:
            run("ip", "netns", "delete", space, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def node(self, kind, name):
        node = kind(self, name)
        self.nodes.append(node)
        return node

    def cable(self, one, name, other, other_name):
        run("ip", "link", "add", name, "netns", one.space, "type", "veth", "peer", other_name, "netns", other.space)
        one.ip("link", "set", name, "up")
        other.ip("link", "set", other_name, "up")

    def switch(self, plugs):
        """One network for (node, interface) pairs."""
        space = f"{self.prefix}switch"
        run("ip", "netns", "add", space)
        self.bridges.append(space)
        run("ip", "-n", space, "link", "add", "bridge0", "type", "bridge")
        run("ip", "-n", space, "link", "set", "bridge0", "up")
        for number, (node, name) in enumerate(plugs):
            port = f"port{number}"
            run("ip", "link", "add", name, "netns", node.space, "type", "veth", "peer", port, "netns", space)
            run("ip", "-n", space, "link", "set", port, "master", "bridge0", "up")
            node.ip("link", "set", name, "up")


def own(customer, addresses):
    """BIRD leaves addresses to others; FRR sets those of its configuration."""
    if isinstance(customer, Bird):
        for interface, address in addresses.items():
            customer.ip("address", "add", address, "dev", interface)


def at_pops(program, customer_kind, ovh_kind):
    with Lab() as lab:
        customer, paris, zurich = (
            lab.node(customer_kind, "customer"),
            lab.node(ovh_kind, "paris"),
            lab.node(ovh_kind, "zurich"),
        )
        lab.cable(customer, "paris0", paris, "customer0")
        lab.cable(customer, "zurich0", zurich, "customer0")
        paris.ip("address", "add", "172.16.0.1/30", "dev", "customer0")
        zurich.ip("address", "add", "172.16.0.5/30", "dev", "customer0")
        own(customer, {"paris0": "172.16.0.2/30", "zurich0": "172.16.0.6/30"})
        customer.lan("lan0", "192.168.100.1/24")
        customer.lan("lan1", "192.168.200.1/24")
        announced = [*KNOWN, FOREIGN]
        paris.start(ovh_kind.played(65002, "172.16.0.1", "172.16.0.2", 65001, announced))
        # The ASN that OVHcloud has where the topology gives it none.
        zurich.start(ovh_kind.played(35540, "172.16.0.5", "172.16.0.6", 65001, announced))
        options = ["--announce", ANNOUNCED, "--role", f"{BACKUP}=backup"]
        options += ["--interface", f"{PRIMARY}=paris0", "--interface", f"{BACKUP}=zurich0"]
        customer.start(generate(program, customer.flavour, *options))

        until("both sessions are established", lambda: customer.established() == {"172.16.0.1", "172.16.0.5"})
        until("BFD runs on both", lambda: customer.bfd_up() == {"172.16.0.1", "172.16.0.5"})
        for prefix in KNOWN:
            what = f"{prefix} is reached through the primary"
            until(what, lambda prefix=prefix: customer.kernel_route(prefix) == {"172.16.0.1"})
        until(f"{ANNOUNCED} is announced on the primary", lambda: paris.learnt().get(ANNOUNCED) == ["65001"])
        until(
            f"{ANNOUNCED} is announced on the backup with a longer path",
            lambda: zurich.learnt().get(ANNOUNCED) == ["65001 65001 65001 65001"],
        )
        for node in [paris, zurich]:
            learnt = {prefix for prefix, paths in node.learnt().items() if paths}
            assert learnt == {ANNOUNCED}, f"{node.name} learnt {learnt}"
        assert not customer.kernel_route(FOREIGN), f"{FOREIGN} was let in"

        paris.ip("link", "set", "customer0", "down")
        for prefix in KNOWN:
            what = f"{prefix} is reached through the backup once the primary is gone"
            until(what, lambda prefix=prefix: customer.kernel_route(prefix) == {"172.16.0.5"})


def in_a_datacenter(program, customer_kind, ovh_kind):
    with Lab() as lab:
        customer, a, b = (
            lab.node(customer_kind, "customer"),
            lab.node(ovh_kind, "a"),
            lab.node(ovh_kind, "b"),
        )
        lab.switch([(customer, "vrack0"), (a, "vrack0"), (b, "vrack0")])
        own(customer, {"vrack0": "10.2.0.10/24"})
        customer.lan("lan0", "192.168.100.1/24")
        customer.lan("lan1", "192.168.200.1/24")
        for node, address in [(a, "10.2.0.2"), (b, "10.2.0.3")]:
            node.ip("address", "add", f"{address}/24", "dev", "vrack0")
            # Any ASN: the topology leaves it to OVHcloud.
            node.start(ovh_kind.played(64999, address, "10.2.0.10", 65020, ["172.20.0.0/16", FOREIGN]))
        options = ["--at", "datacenter", "--only", "pn-12345/datacenter/SBG", "--interface", "vrack0"]
        options += ["--announce", ANNOUNCED, "--accept", "172.20.0.0/16"]
        customer.start(generate(program, customer.flavour, *options))

        until("both sessions are established", lambda: customer.established() == {"10.2.0.2", "10.2.0.3"})
        until("BFD runs on both", lambda: customer.bfd_up() == {"10.2.0.2", "10.2.0.3"})
        until("172.20.0.0/16 is let in", lambda: customer.kernel_route("172.20.0.0/16"))
        for node in [a, b]:
            until(f"{ANNOUNCED} is announced", lambda node=node: node.learnt().get(ANNOUNCED) == ["65020"])
            learnt = {prefix for prefix, paths in node.learnt().items() if paths}
            assert learnt == {ANNOUNCED}, f"{node.name} learnt {learnt}"
        assert not customer.kernel_route(FOREIGN), f"{FOREIGN} was let in"


def syntax(program):
    """Both programs read what is written for them."""
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "conf"
        for topology in [*EXAMPLES, TOPOLOGY]:
            for at in ["pop", "datacenter"]:
                for more in [[], ["--announce", ANNOUNCED, "--accept", "0.0.0.0/0", "--role", "backup"]]:
                    for flavour, check in [("frr", ["vtysh", "-C", "-f"]), ("bird", ["bird", "-p", "-c"])]:
                        path.write_text(generate(program, flavour, "--at", at, *more, topology=topology))
                        said = run(*check, path)
                        assert not said, f"{topology.name} {at} {flavour}: {said}"
                        count += 1
    print(f"FRR and BIRD read {count} configurations")


def can_make_namespaces():
    """Why not, or nothing."""
    if os.geteuid() != 0:
        return "it takes root"
    probe = f"occ{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if made.returncode != 0:
        return made.stderr.strip()
    link = ["ip", "-n", probe, "link", "add", "probe0", "type", "veth", "peer", "probe1"]
    linked = subprocess.run(link, capture_output=True, text=True)
    run("ip", "netns", "delete", probe, check=False)
    return linked.stderr.strip()


def main():
    (program,) = sys.argv[1:]
    program = pathlib.Path(program).resolve()
    syntax(program)
    reason = can_make_namespaces()
    if reason:
        print(f"SKIPPED: sessions between FRR and BIRD: no network namespaces here: {reason}")
        return
    for scene in [at_pops, in_a_datacenter]:
        for customer, ovh in [(Frr, Bird), (Bird, Frr)]:
            begun = time.monotonic()
            scene(program, customer, ovh)
            took = time.monotonic() - begun
            where = scene.__name__.replace("_", " ")
            print(f"{where}: {customer.__name__} against {ovh.__name__}: ok in {took:.1f} s")


if __name__ == "__main__":
    main()
