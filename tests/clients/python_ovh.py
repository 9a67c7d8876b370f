#!/usr/bin/env python3
"""Drives `ovhconnect simulate` with OVHcloud's own Python client, as it comes from PyPI, through the
whole life of a layer 3 topology: two services, two datacenters, a static route and a BGP peer.

    pip install -r tests/clients/requirements.txt
    python tests/clients/python_ovh.py target/debug/ovhconnect

It prints a line for each check and exits with 1 if one failed. The client knows named endpoints only,
so the simulator's address is added to its tables of names; nothing else of it is touched.
"""

import os
import sys
from pathlib import Path

# A service account's token is asked for over the simulator's plain http, which oauthlib refuses
# without this; it only ever goes to loopback.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import ovh
import ovh.client
import ovh.exceptions

from harness import Checks, simulator

TOPOLOGY = Path(__file__).parents[2] / "examples" / "resilient.yaml"
VRACK = "pn-12345"
MEMBERS = f"/vrack/{VRACK}/ovhCloudConnect"
NOBODY = "00000000-0000-4000-8000-000000000000"
ASNS = {"customerBgpArea": 65001, "ovhBgpArea": 65002}
CLIENT = {"client_id": "simulator-client", "client_secret": "simulator-client-secret"}

check = Checks()


def refused(what, call, kind, status, code):
    """Checks that a call raises `kind` for an answer of that status, with that code or class."""
    try:
        seen = call()
    except kind as error:
        body = error.response.json()
        seen = (error.response.status_code, body.get("errorCode") or body.get("class"))
        check.that(what, seen == (status, code) and body.get("message") and error.query_id, (seen, body))
    except ovh.exceptions.APIError as error:
        check.that(what, False, error)
    else:
        check.that(what, False, seen)


def conflict(what, call):
    refused(what, call, ovh.exceptions.ResourceConflictError, 409, "Client::Conflict")


def invalid(what, call):
    refused(what, call, ovh.exceptions.BadParametersError, 400, "Client::BadRequest")


def missing(what, call):
    refused(what, call, ovh.exceptions.ResourceNotFoundError, 404, "Client::NotFound")


def client(simulated, **other):
    """The official client, by application key."""
    variables = simulated.variables
    credentials = {
        "application_key": variables["OVH_APPLICATION_KEY"],
        "application_secret": variables["OVH_APPLICATION_SECRET"],
        "consumer_key": variables["OVH_CONSUMER_KEY"],
    }
    return ovh.Client(endpoint="simulator", **{**credentials, **other})


class Life:
    """The calls of one client, each followed to its effect."""

    def __init__(self, api, simulated):
        self.api = api
        self.simulated = simulated

    def gone(self, path):
        try:
            self.api.get(path)
        except ovh.exceptions.ResourceNotFoundError:
            return True
        return False

    def follow(self, service, task, what):
        """Waits for a task of a service; checks its way and that it leaves the list, not the route."""
        tasks = f"/ovhCloudConnect/{service}/task"
        path = f"{tasks}/{task['id']}"
        states = [task["status"]]
        check.that(f"the task that is to {what} is listed", task["id"] in self.api.get(tasks))

        def ended():
            states.append(self.api.get(path)["status"])
            return states[-1] in ("done", "error", "denied")

        self.simulated.until(f"the task that is to {what}", ended)
        order = list(dict.fromkeys(states))
        check.same(f"the task that is to {what} goes from todo to done", order, ["todo", "doing", "done"])
        check.that(f"the task that is to {what} leaves the list", task["id"] not in self.api.get(tasks))

    def move(self, service, method, path, holds, **body):
        """Attaches or detaches. A task of a vRack is over when it is not found any more."""
        task = self.api.call(method, path, body or None)
        check.that("a vRack's task is not over at once", task["status"] in ("init", "todo", "doing"), task)
        check.same("a vRack's task names the vRack", task["serviceName"], VRACK)
        check.same("a vRack's task names the service", task["targetDomain"], service)
        tasks = f"/vrack/{VRACK}/task"
        check.that("a vRack's task is listed", task["id"] in self.api.get(tasks))
        self.simulated.until("the vRack's task to be gone", lambda: self.gone(f"{tasks}/{task['id']}"))
        check.same("the vRack's list follows", service in self.api.get(MEMBERS), holds)
        vrack = self.api.get(f"/ovhCloudConnect/{service}")["vrack"]
        check.same("the service's vRack follows", vrack, VRACK if holds else None)

    def attach(self, service):
        allowed = self.api.get(f"/vrack/{VRACK}/allowedServices", serviceFamily="ovhCloudConnect")
        check.that("the service is allowed in the vRack", service in allowed["ovhCloudConnect"], allowed)
        self.move(service, "POST", MEMBERS, True, ovhCloudConnect=service)
        attached = self.api.get(f"{MEMBERS}/{service}")
        check.same("the membership names both", attached, {"ovhCloudConnect": service, "vrack": VRACK})
        conflict("a service is not attached twice", lambda: self.api.post(MEMBERS, ovhCloudConnect=service))

    def detach(self, service):
        self.move(service, "DELETE", f"{MEMBERS}/{service}", False)

    def create(self, service, path, what, **body):
        """Creates a configuration, follows its task, and returns its path."""
        task = self.api.post(path, **body)
        new = f"{path}/{task['resourceId']}"
        check.same(f"the {what} is `init` at first", self.api.get(new)["status"], "init")
        self.follow(service, task, f"create the {what}")
        seen = self.api.get(new)
        check.same(f"the {what} is `active`", seen["status"], "active")
        wrong = {name: seen.get(name) for name, value in body.items() if seen.get(name) != value}
        check.same(f"the {what} is what was asked for", wrong, {})
        check.that(f"the {what} is listed", task["resourceId"] in self.api.get(path))
        return new

    def remove(self, service, path, what):
        """Deletes a configuration and follows its task."""
        task = self.api.delete(path)
        check.same(f"the {what} is `toDelete` at first", self.api.get(path)["status"], "toDelete")
        self.follow(service, task, f"delete the {what}")
        check.that(f"the {what} is gone", self.gone(path))

    def pop(self, service, subnet):
        interface = self.api.get(f"/ovhCloudConnect/{service}/interface")[0]
        pops = f"/ovhCloudConnect/{service}/config/pop"
        return self.create(service, pops, "PoP", interfaceId=interface, type="l3", subnet=subnet, **ASNS)

    def datacenters(self, service, pop):
        """Two datacenters: one with a static route, one with a BGP peer. Returns their paths."""
        base = f"/ovhCloudConnect/{service}/datacenter"
        offered = {one["name"]: one["id"] for one in (self.api.get(f"{base}/{id}") for id in self.api.get(base))}
        paths = []
        for name, asn, subnet in (("GRA", 65010, "10.1.0.0/24"), ("RBX", 65011, "10.2.0.0/28")):
            body = {"datacenterId": offered[name], "ovhBgpArea": asn, "subnet": subnet}
            paths.append(self.create(service, f"{pop}/datacenter", f"datacenter {name}", **body))
        conflict("a datacenter is not configured twice", lambda: self.api.post(f"{pop}/datacenter", **body))
        return paths

    def extras(self, service, static, dynamic):
        """A static route in one datacenter, a BGP peer in the other. Returns the route's path."""
        route = {"type": "network", "subnet": "192.168.10.0/24", "nextHop": "10.1.0.10"}
        peer = {"type": "bgp", "bgpNeighborArea": 65020, "bgpNeighborIp": "10.2.0.10"}
        made = self.create(service, f"{static}/extra", "static route", **route)
        self.create(service, f"{dynamic}/extra", "BGP peer", **peer)
        conflict(
            "a datacenter has static routes or BGP peers, not both",
            lambda: self.api.post(f"{static}/extra", **{**peer, "bgpNeighborIp": "10.1.0.11"}),
        )
        invalid(
            "a next hop is in the datacenter's subnet",
            lambda: self.api.post(f"{static}/extra", **{**route, "nextHop": "10.9.0.10"}),
        )
        return made

    def inherited(self, first, second):
        """What the second PoP of a vRack finds: the datacenters of the first, and their extras."""

        def seen(pop):
            found = []
            for id in self.api.get(f"{pop}/datacenter"):
                path = f"{pop}/datacenter/{id}"
                extras = [self.api.get(f"{path}/extra/{extra}") for extra in self.api.get(f"{path}/extra")]
                found.append((self.api.get(path), extras))
            # Whether an inherited object has the same id under each service is not published.
            strip = lambda it: {name: value for name, value in it.items() if name != "id"}
            return sorted(
                ((strip(datacenter), [strip(extra) for extra in extras]) for datacenter, extras in found),
                key=lambda pair: pair[0]["datacenterId"],
            )

        check.same("the first PoP has two datacenters", len(seen(first)), 2)
        check.same("the second PoP inherits them with their extras", seen(second), seen(first))

    def lock(self, service):
        """An interface is locked and unlocked; the session over it goes down and comes up."""
        base = f"/ovhCloudConnect/{service}/interface"
        interface = f"{base}/{self.api.get(base)[0]}"
        for verb, status, state in (("lock", "disabled", "down"), ("unlock", "enabled", "up")):
            self.follow(service, self.api.post(f"{interface}/{verb}"), f"{verb} the interface")
            check.same(f"an interface after {verb}", self.api.get(interface)["status"], status)
            check.same(f"its state after {verb}", self.api.get(f"{interface}/status")["status"], state)
            conflict(f"{verb} is not done twice", lambda: self.api.post(f"{interface}/{verb}"))

    def diagnose(self, service, pop):
        """A diagnostic is `todo` until its result is there."""
        base = f"/ovhCloudConnect/{service}/diagnostic"
        asked = self.api.post(base, diagnosticName="diagPeering", popConfigId=int(pop.rsplit("/", 1)[1]))
        check.same("a diagnostic is `todo` at first", asked["status"], "todo")
        check.that("a diagnostic is listed", asked["id"] in self.api.get(base))

        def report():
            seen = self.api.get(f"{base}/{asked['id']}")
            return seen if seen["status"] == "done" else None

        report = self.simulated.until("the diagnostic's result", report)
        check.that("a diagnostic has a result in the end", report["result"], report)
        invalid(
            "an unknown diagnostic is refused",
            lambda: self.api.post(base, diagnosticName="diagNothing", popConfigId=1),
        )

    def describe(self, service):
        path = f"/ovhCloudConnect/{service}"
        self.api.put(path, description="Paris: é, ü")
        check.same("a description is changed in place", self.api.get(path)["description"], "Paris: é, ü")
        invalid("nothing else of a service is", lambda: self.api.put(path, bandwidth="10g"))

    def remove_last(self, service, pop):
        """Deletes the last PoP with what hangs on it: by one task, its children `toDelete` after a while."""
        children = [f"{pop}/datacenter/{id}" for id in self.api.get(f"{pop}/datacenter")]
        task = self.api.delete(pop)
        check.same("one task deletes all of it", self.api.get(f"/ovhCloudConnect/{service}/task"), [task["id"]])
        check.same("the PoP is `toDelete`", self.api.get(pop)["status"], "toDelete")
        statuses = lambda: {self.api.get(child)["status"] for child in children}
        check.same("its datacenter is still `active`", statuses(), {"active"})
        self.simulated.until("the datacenter to be `toDelete`", lambda: statuses() == {"toDelete"})
        self.simulated.until("the PoP to be gone", lambda: self.gone(pop))
        check.same("nothing is left", self.api.get(f"/ovhCloudConnect/{service}/config/pop"), [])
        ended = self.api.get(f"/ovhCloudConnect/{service}/task/{task['id']}")
        check.same("the task answers after its end", ended, {**task, "status": "done"})


def whole_life(api, simulated):
    life = Life(api, simulated)
    services = api.get("/ovhCloudConnect")
    check.same("two services are listed", len(services), 2)
    check.same("the API's other name, /v1, answers the same", api.get("/v1/ovhCloudConnect"), services)
    check.that("the vRack is listed", VRACK in api.get("/vrack"))
    check.same("the vRack holds no service at first", api.get(MEMBERS), [])
    first, second = services
    body = {"interfaceId": api.get(f"/ovhCloudConnect/{first}/interface")[0], "type": "l2"}
    pops = f"/ovhCloudConnect/{first}/config/pop"
    conflict("nothing is configured outside a vRack", lambda: api.post(pops, **body))
    life.attach(first)
    life.attach(second)
    wrong = {**body, **ASNS, "type": "l3", "subnet": "172.16.0.0/29"}
    invalid("a PoP subnet that is no /30 is refused", lambda: api.post(pops, **wrong))
    pop = life.pop(first, "172.16.0.0/30")
    check.same("the PoP's session is up", api.get(f"{pop}/status")["status"], "up")
    static, dynamic = life.datacenters(first, pop)
    route = life.extras(first, static, dynamic)
    other = life.pop(second, "172.16.0.4/30")
    life.inherited(pop, other)
    life.lock(first)
    life.diagnose(first, pop)
    life.describe(first)
    conflict("a service with a PoP is not detached", lambda: api.delete(f"{MEMBERS}/{first}"))
    life.remove(first, route, "static route")
    life.remove(first, static, "datacenter")
    life.remove(first, pop, "PoP")
    check.same("the other PoP keeps the datacenter", len(api.get(f"{other}/datacenter")), 1)
    life.remove_last(second, other)
    life.detach(first)
    life.detach(second)


def refusals(api, simulated):
    """What the API says to a caller who is not who they say, or asks for what is not there."""
    refused(
        "a wrong secret is refused",
        lambda: client(simulated, application_secret="wrong").get("/ovhCloudConnect"),
        ovh.exceptions.BadParametersError,
        400,
        "INVALID_SIGNATURE",
    )
    refused(
        "an unknown application is refused",
        lambda: client(simulated, application_key="unknown").get("/ovhCloudConnect"),
        ovh.exceptions.InvalidKey,
        403,
        "INVALID_KEY",
    )
    refused(
        "an unknown consumer key is refused",
        lambda: client(simulated, consumer_key="unknown").get("/ovhCloudConnect"),
        ovh.exceptions.InvalidCredential,
        403,
        "INVALID_CREDENTIAL",
    )
    missing("an unknown route is not found", lambda: api.get("/nothing"))
    missing("an unknown service is not found", lambda: api.get(f"/ovhCloudConnect/{NOBODY}"))
    refused(
        "a wrong method is not allowed",
        lambda: api.delete("/ovhCloudConnect"),
        ovh.exceptions.APIError,
        405,
        "Client::MethodNotAllowed",
    )


def read_only(simulated):
    """A consumer key that was granted GET alone."""
    api = client(simulated, consumer_key="simulator-read-only-consumer-key")
    check.that("the read-only key reads", len(api.get("/ovhCloudConnect")) == 2)
    rules = api.get("/auth/currentCredential")["rules"]
    check.same("its rules are told", [rule["method"] for rule in rules], ["GET"])
    for what, call in (
        ("attach", lambda: api.post(MEMBERS, ovhCloudConnect=NOBODY)),
        ("describe", lambda: api.put(f"/ovhCloudConnect/{NOBODY}", description="")),
        ("detach", lambda: api.delete(f"{MEMBERS}/{NOBODY}")),
    ):
        refused(
            f"the read-only key may not {what}",
            call,
            ovh.exceptions.NotGrantedCall,
            403,
            "NOT_GRANTED_CALL",
        )


def service_account(simulated):
    """OAuth2: the client fetches a token by its id and secret, and calls with it."""
    api = ovh.Client(endpoint="simulator", **CLIENT)
    service = api.get("/ovhCloudConnect")[0]
    api.put(f"/ovhCloudConnect/{service}", description="by a service account")
    described = api.get(f"/ovhCloudConnect/{service}")["description"]
    check.same("a service account reads and writes", described, "by a service account")
    check.that("a service account learns who it is", "account" in api.get("/auth/details"))
    reader = ovh.Client(endpoint="simulator", **{**CLIENT, "client_id": "simulator-read-only-client"})
    check.same("a read-only service account reads", reader.get("/ovhCloudConnect"), api.get("/ovhCloudConnect"))
    refused(
        "a read-only service account does not write",
        lambda: reader.post(MEMBERS, ovhCloudConnect=service),
        ovh.exceptions.APIError,
        403,
        "Client::Forbidden",
    )
    try:
        ovh.Client(endpoint="simulator", **{**CLIENT, "client_secret": "wrong"}).get("/ovhCloudConnect")
        check.that("a wrong client secret gets no token", False)
    except ovh.exceptions.OAuth2FailureError as error:
        check.that("a wrong client secret gets no token", "invalid_client" in str(error), error)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    # The client reads files and the environment for what it is not given.
    for name in [name for name in os.environ if name.startswith("OVH_")]:
        del os.environ[name]
    with simulator(sys.argv[1], "--topology", TOPOLOGY) as simulated:
        endpoint = simulated.variables["OVH_ENDPOINT"]
        ovh.client.ENDPOINTS["simulator"] = endpoint
        ovh.client.OAUTH2_TOKEN_URLS["simulator"] = endpoint.removesuffix("/1.0") + "/auth/oauth2/token"
        api = client(simulated)
        check.that("the clocks agree", abs(api.time_delta) < 60, api.time_delta)
        whole_life(api, simulated)
        refusals(api, simulated)
        read_only(simulated)
        service_account(simulated)
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
