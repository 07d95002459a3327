"""The main story in containers (`make sam-local`): created over HTTP, fired by the scheduler function, completed by its
flag.

Everything runs as it will in the cloud: the built functions and layer, in Lambda's image, against compose.yaml's
PostgreSQL. All containers are on one network of their own, so that a developer's own are left alone.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NETWORK = "reminders-e2e"
SAM = str(Path(sys.executable).with_name("sam"))
# SAM hands its caller's AWS credentials to the containers; this story needs none.
ENVIRONMENT = os.environ | {
    "COMPOSE_PROJECT_NAME": NETWORK,
    "REMINDERS_NETWORK": NETWORK,
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "SAM_CLI_TELEMETRY": "0",
}


def main(architecture: str) -> None:
    """Tells the story once; raises at the first thing that is not as promised."""
    options = sam_options(architecture)
    with ExitStack() as stack:
        stack.enter_context(containers())
        say("PostgreSQL is up")

        answer = invoke("MigrateFunction", "events/migrate.json", options)
        expect("schema_version" in answer, f"the migrate function has migrated: {json.dumps(answer)}", answer)

        url = stack.enter_context(api(options))
        status, reminder = call("POST", f"{url}/reminders", event_body("events/create_reminder.json"))
        expect(status == 201 and reminder["status"] == "ACTIVE", "POST /reminders has created the reminder", reminder)
        this = f"{url}/reminders/{reminder['id']}"

        sql(f"UPDATE reminder_jobs SET next_run_at = now() WHERE id = '{reminder['id']}'")
        answer = invoke("SchedulerFunction", "events/scheduler.json", options)
        say(f"made it due by SQL and invoked the scheduler: {json.dumps(answer)}")
        _, runs = call("GET", f"{this}/runs")
        expect([run["state"] for run in runs["items"]] == ["SENT"], "its one run is SENT", runs)

        status, answer = call("PUT", f"{url}/flags/feedback_submitted", event_body("events/set_flag_true.json"))
        expect(status == 200 and answer["completed"] == 1, "PUT /flags/feedback_submitted has completed it", answer)
        _, reminder = call("GET", this)
        expect(reminder["status"] == "COMPLETED", "GET says COMPLETED", reminder)
    say("passed")


@contextmanager
def containers() -> Iterator[None]:
    """PostgreSQL, empty and ready; at the end nothing of this run is left, also not what a killed one left before."""
    remove_containers()
    try:
        docker_compose("up", "-d")
        ready = "until pg_isready -q -h 127.0.0.1 -U reminders; do sleep 0.2; done"
        docker_compose("exec", "-T", "database", "sh", "-c", ready)
        yield
    finally:
        remove_containers()


def remove_containers() -> None:
    names = run("docker", "ps", "-aq", "--filter", f"network={NETWORK}").split()
    if names:  # one that ends by itself meanwhile is no fault
        subprocess.run(["docker", "rm", "-f", "-v", *names], capture_output=True, check=False)
    docker_compose("down", "-v", "--remove-orphans")


@contextmanager
def api(options: list[str]) -> Iterator[str]:
    """`sam local start-api` on a free port of this machine, from when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [SAM, "local", "start-api", "--port", str(port), *options]
    server = subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, text=True, stderr=subprocess.PIPE)
    log = ServerLog(server)
    try:
        expect(log.wait_until_it_serves(), f"sam local start-api serves on port {port}", log)
        yield f"http://127.0.0.1:{port}"
    except BaseException:
        print(log, file=sys.stderr)
        raise
    finally:
        server.terminate()
        server.wait()


class ServerLog:
    """What the server prints, read all the time, since a full pipe would stop it."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._lines: list[str] = []
        self._serves_or_ended = threading.Event()
        self._serves = False
        threading.Thread(target=self._read, args=[server], daemon=True).start()

    def wait_until_it_serves(self) -> bool:
        """False if it ended instead, or did not come up within two minutes."""
        return self._serves_or_ended.wait(120) and self._serves

    def _read(self, server: subprocess.Popen[str]) -> None:
        assert server.stderr is not None
        for line in server.stderr:
            self._lines.append(line)
            if "Running on http" in line:
                self._serves = True
                self._serves_or_ended.set()
        self._serves_or_ended.set()

    def __str__(self) -> str:
        return "".join(self._lines[-100:])


def invoke(function: str, event: str, options: list[str]) -> dict[str, Any]:
    """The function's answer to one event, in a container of its own."""
    answer: dict[str, Any] = json.loads(run(SAM, "local", "invoke", function, "--event", event, *options))
    if "errorMessage" in answer:
        raise SystemExit(f"sam-local: FAILED, {function} could not do {event}:\n{json.dumps(answer, indent=2)}")
    return answer


def sam_options(architecture: str) -> list[str]:
    """What each `sam local` needs here: the network, the processor, and no pull of an image that is there."""
    options = ["--docker-network", NETWORK, "--parameter-overrides", f"Architecture={architecture}"]
    image = f"public.ecr.aws/lambda/python:3.13-{architecture}"
    there = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False)
    return options if there.returncode else [*options, "--skip-pull-image"]


def call(method: str, url: str, body: str | None = None) -> tuple[int, dict[str, Any]]:
    """Status and JSON of one request; an error's too."""
    headers = {"Content-Type": "application/json"}
    data = None if body is None else body.encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def event_body(event: str) -> str:
    body: str = json.loads((ROOT / event).read_text())["body"]
    return body


def sql(statement: str) -> None:
    """Runs it as an operator would, and fails if it changed no row."""
    url = "postgresql://reminders:reminders@127.0.0.1/reminders"
    answer = docker_compose("exec", "-T", "database", "psql", url, "-c", statement)
    expect(not answer.endswith(" 0\n"), statement, answer)


def docker_compose(*arguments: str) -> str:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    return run(*(["docker", "compose"] if plugin else ["docker-compose"]), *arguments)


def run(*command: str) -> str:
    """What the command printed; what it complained of is shown only if it fails."""
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, text=True, capture_output=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(f"sam-local: {' '.join(command)} failed:\n{done.stderr}{done.stdout}")
    return done.stdout


def expect(holds: bool, promise: str, shown: object) -> None:
    if not holds:
        raise SystemExit(f"sam-local: FAILED, not so: {promise}\n{shown}")
    say(promise)


def say(step: str) -> None:
    print(f"sam-local: {step}", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("sam-local: stopped"))  # so that it, too, cleans up
    main(sys.argv[1])
