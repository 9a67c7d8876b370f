#!/usr/bin/env python3
"""Drives `ovhconnect simulate` with OVHcloud's own Python client, as it comes from PyPI.

    pip install -r tests/clients/requirements.txt
    python tests/clients/python_ovh.py target/debug/ovhconnect [examples/l3-static.yaml]

It prints a line for each check and exits with 1 if one failed. The client knows named endpoints only,
so the simulator's address is added to its table of names; nothing else of it is touched.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import ovh
import ovh.client
import ovh.exceptions

# How long a task takes, in seconds: long enough that a slow machine still sees `init` and `toDelete`.
TASK = 0.5
# How long anything may take to come about, in seconds.
PATIENCE = 20
PAUSE = 0.05
VRACK = "pn-12345"


class Checks:
    """Counts what holds and what does not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def that(self, what, holds, seen=""):
        if holds:
            self.passed += 1
            print(f"ok      {what}", flush=True)
        else:
            self.failed += 1
            print(f"FAILED  {what}: {seen!r}", flush=True)

    def refuses(self, what, call, kind, status, code):
        """Whether a call raises `kind` for an answer of that status, with that code or class."""
        try:
            seen = call()
        except kind as error:
            body = error.response.json()
            seen = (error.response.status_code, body.get("errorCode") or body.get("class"))
            self.that(what, seen == (status, code) and error.query_id, (seen, error.query_id))
        except ovh.exceptions.APIError as error:
            self.that(what, False, error)
        else:
            self.that(what, False, seen)


@contextmanager
def simulator(binary, topology):
    """A simulator on a free port, and the variables it prints. What it says on stderr is shown when
    it does not start."""
    with tempfile.TemporaryFile("w+") as stderr:
        process = subprocess.Popen(
            [binary, "simulate", "--listen", "127.0.0.1:0", "--topology", topology, "--task-seconds", str(TASK)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            variables = {}
            for line in process.stdout:
                name, value = re.fullmatch(r"export (OVH_\w+)=(\S+)\n", line).groups()
                variables[name] = value
                if len(variables) == 4:
                    break
            else:
                stderr.seek(0)
                sys.exit(f"the simulator did not start: {stderr.read()}")
            yield variables
        finally:
            process.terminate()
            process.wait(timeout=10)


def client(variables, **other):
    credentials = {
        "application_key": variables["OVH_APPLICATION_KEY"],
        "application_secret": variables["OVH_APPLICATION_SECRET"],
        "consumer_key": variables["OVH_CONSUMER_KEY"],
    }
    return ovh.Client(endpoint="simulator", **{**credentials, **other})


def until(what, look):
    """Looks until there is something to see, and returns it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(PAUSE)
    sys.exit(f"waited {PATIENCE} s for {what}")


def gone(api, path):
    try:
        api.get(path)
    except ovh.exceptions.ResourceNotFoundError:
        return True
    return False


def follow(api, service, task, what):
    """Waits for a task of a service; returns the id of what it works on."""
    path = f"/ovhCloudConnect/{service}/task/{task['id']}"
    states = {task["status"]}

    def ended():
        status = api.get(path)["status"]
        states.add(status)
        return status in ("done", "error", "denied") and status

    status = until(f"the task that is to {what}", ended)
    check.that(f"the task that is to {what} goes from todo to done", status == "done" and "todo" in states, states)
    return task["resourceId"]


def membership(api, service):
    """Puts a service into the vRack. A task of a vRack is over when it is not found any more."""
    members = f"/vrack/{VRACK}/ovhCloudConnect"
    check.that("the vRack is listed", VRACK in api.get("/vrack"))
    allowed = api.get(f"/vrack/{VRACK}/allowedServices", serviceFamily="ovhCloudConnect")
    check.that("the service is allowed in the vRack", service in allowed["ovhCloudConnect"], allowed)
    check.that("the vRack holds no service at first", api.get(members) == [])
    task = api.post(members, ovhCloudConnect=service)
    check.that("attaching answers a task that is not over", task["status"] in ("init", "todo", "doing"), task)
    until("the vRack's task to be gone", lambda: gone(api, f"/vrack/{VRACK}/task/{task['id']}"))
    check.that("the vRack holds the service", api.get(members) == [service], api.get(members))
    vrack = api.get(f"/ovhCloudConnect/{service}")["vrack"]
    check.that("the service names its vRack", vrack == VRACK, vrack)
    check.refuses(
        "a service is not attached twice",
        lambda: api.post(members, ovhCloudConnect=service),
        ovh.exceptions.ResourceConflictError,
        409,
        "Client::Conflict",
    )


def create(api, path, service, what, **body):
    """Creates a configuration, follows its task, and returns its path."""
    task = api.post(path, **body)
    new = f"{path}/{task['resourceId']}"
    status = api.get(new)["status"]
    check.that(f"the {what} is `init` at first", status == "init", status)
    follow(api, service, task, f"create the {what}")
    seen = api.get(new)
    check.that(f"the {what} is `active`", seen["status"] == "active", seen)
    wrong = {name: seen.get(name) for name, value in body.items() if seen.get(name) != value}
    check.that(f"the {what} is what was asked for", not wrong, wrong)
    check.that(f"the {what} is listed", task["resourceId"] in api.get(path))
    return new


def remove(api, path, service, what):
    """Deletes a configuration and follows its task."""
    task = api.delete(path)
    status = api.get(path)["status"]
    check.that(f"the {what} is `toDelete` at first", status == "toDelete", status)
    follow(api, service, task, f"delete the {what}")
    check.that(f"the {what} is gone", gone(api, path))


def configuration(api, service):
    """PoP, datacenter and static route, made and removed."""
    base = f"/ovhCloudConnect/{service}"
    interface = api.get(f"{base}/interface")[0]
    catalogue = [api.get(f"{base}/datacenter/{number}") for number in api.get(f"{base}/datacenter")]
    offered = {datacenter["name"]: datacenter["id"] for datacenter in catalogue}
    check.that("the catalogue names GRA", "GRA" in offered, offered)

    asns = {"customerBgpArea": 65001, "ovhBgpArea": 65002}
    check.refuses(
        "a PoP subnet that is no /30 is refused",
        lambda: api.post(
            f"{base}/config/pop", interfaceId=interface, type="l3", subnet="172.16.0.0/29", **asns
        ),
        ovh.exceptions.BadParametersError,
        400,
        "Client::BadRequest",
    )
    pop = create(
        api, f"{base}/config/pop", service, "PoP", interfaceId=interface, type="l3", subnet="172.16.0.0/30", **asns
    )
    datacenter = create(
        api,
        f"{pop}/datacenter",
        service,
        "datacenter",
        datacenterId=offered["GRA"],
        ovhBgpArea=65010,
        subnet="10.1.0.0/24",
    )
    extra = create(
        api,
        f"{datacenter}/extra",
        service,
        "static route",
        type="network",
        subnet="192.168.10.0/24",
        nextHop="10.1.0.10",
    )
    remove(api, extra, service, "static route")
    remove(api, datacenter, service, "datacenter")
    remove(api, pop, service, "PoP")


def refusals(api, variables):
    """What the API says to a caller who is not who they say, or asks for what is not there."""
    check.refuses(
        "a wrong secret is refused",
        lambda: client(variables, application_secret="wrong").get("/ovhCloudConnect"),
        ovh.exceptions.BadParametersError,
        400,
        "INVALID_SIGNATURE",
    )
    check.refuses(
        "an unknown application is refused",
        lambda: client(variables, application_key="unknown").get("/ovhCloudConnect"),
        ovh.exceptions.InvalidKey,
        403,
        "INVALID_KEY",
    )
    check.refuses(
        "an unknown consumer key is refused",
        lambda: client(variables, consumer_key="unknown").get("/ovhCloudConnect"),
        ovh.exceptions.InvalidCredential,
        403,
        "INVALID_CREDENTIAL",
    )
    missing = ovh.exceptions.ResourceNotFoundError
    check.refuses("an unknown route is not found", lambda: api.get("/nothing"), missing, 404, "Client::NotFound")
    nobody = "00000000-0000-4000-8000-000000000000"
    check.refuses(
        "an unknown service is not found",
        lambda: api.get(f"/ovhCloudConnect/{nobody}"),
        missing,
        404,
        "Client::NotFound",
    )


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    binary = sys.argv[1]
    topology = sys.argv[2] if len(sys.argv) == 3 else Path(__file__).parents[2] / "examples" / "l3-static.yaml"
    # The client reads files and the environment for what it is not given.
    for name in [name for name in os.environ if name.startswith("OVH_")]:
        del os.environ[name]
    with simulator(binary, topology) as variables:
        ovh.client.ENDPOINTS["simulator"] = variables["OVH_ENDPOINT"]
        api = client(variables)
        check.that("the clocks agree", abs(api.time_delta) < 60, api.time_delta)
        services = api.get("/ovhCloudConnect")
        check.that("services are listed", bool(services), services)
        service = services[0]
        api.put(f"/ovhCloudConnect/{service}", description="Paris: é, ü")
        description = api.get(f"/ovhCloudConnect/{service}")["description"]
        check.that("a description is changed in place", description == "Paris: é, ü", description)
        membership(api, service)
        configuration(api, service)
        task = api.delete(f"/vrack/{VRACK}/ovhCloudConnect/{service}")
        until("the vRack's task to be gone", lambda: gone(api, f"/vrack/{VRACK}/task/{task['id']}"))
        check.that("the service is in no vRack", api.get(f"/ovhCloudConnect/{service}")["vrack"] is None)
        refusals(api, variables)
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


check = Checks()
if __name__ == "__main__":
    sys.exit(main())
