"""Installs the peers at their pinned versions into `.local/peers`, where they meet none of the project's own
packages."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
HOME = _HERE.parents[1] / ".local" / "peers"
PYTHON = HOME / "venv" / "bin" / "python"
NODE_MODULES = HOME / "node_modules"

_REQUIREMENTS = _HERE / "requirements.txt"
_PACKAGES = (_HERE / "package.json", _HERE / "package-lock.json")
# Says which locks, and which Python, is installed.
_STAMP = HOME / "installed"


class ToolsMissing(Exception):
    """What the peers need is not on this machine."""

    def __init__(self, tools: list[str]) -> None:
        super().__init__(f"needs {' and '.join(tools)} (Node.js 20 or newer) for graphile-worker and pg-boss")
        self.tools = tools


class InstallationFailed(Exception):
    """A package manager refused; it has said why."""

    def __init__(self, command: str) -> None:
        super().__init__(f"{command} failed: see above")
        self.command = command


def is_installed() -> bool:
    """Whether the peers are there, at the versions of the locks, and can run."""
    return not _missing_tools() and _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == _wanted()


def install() -> None:
    """Installs what is not there yet. Raises ToolsMissing or InstallationFailed."""
    if missing := _missing_tools():
        raise ToolsMissing(missing)
    if is_installed():
        return
    print("installing the peers into .local/peers …", file=sys.stderr, flush=True)
    HOME.mkdir(parents=True, exist_ok=True)
    _STAMP.unlink(missing_ok=True)
    _install_python_peers()
    _install_node_peers()
    _STAMP.write_text(_wanted(), encoding="utf-8")


def _missing_tools() -> list[str]:
    return [tool for tool in ("node", "npm") if not shutil.which(tool)]


def _wanted() -> str:
    contents = b"".join(path.read_bytes() for path in (_REQUIREMENTS, *_PACKAGES))
    return f"{hashlib.sha256(contents).hexdigest()} {sys.version}\n"


def _install_python_peers() -> None:
    # Without pip of its own: not every Python has the module that would bring it.
    _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(HOME / "venv"))
    pip = (sys.executable, "-m", "pip", "--python", str(PYTHON), "--quiet", "--disable-pip-version-check")
    _run(*pip, "install", "--no-deps", "--require-hashes", "-r", str(_REQUIREMENTS))


def _install_node_peers() -> None:
    for path in _PACKAGES:
        shutil.copy(path, HOME)
    _run("npm", "ci", "--engine-strict", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error")


def _run(*command: str) -> None:
    # PYTHONPATH is for the project's own Python.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if subprocess.run(command, cwd=HOME, env=environment, stdout=sys.stderr, check=False).returncode:
        raise InstallationFailed(" ".join(command[:3]))
