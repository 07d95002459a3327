"""What `make build` has left in .aws-sam/build. Its name keeps it out of `make test`, which needs no build."""

import importlib.util
import marshal
from pathlib import Path

import pytest

BUILD = Path(".aws-sam/build")
PLACES = {
    "SharedLayer": "/opt/python/",
    "ApiFunction": "/var/task/",
    "SchedulerFunction": "/var/task/",
    "MigrateFunction": "/var/task/",
}


@pytest.mark.parametrize("part", PLACES)
def test_each_module_of_the_build_has_byte_code_that_python_takes_unchecked(part: str) -> None:
    """Lambda cannot write byte code, so a module without it is compiled at each cold start."""
    sources = [path for path in (BUILD / part).rglob("*.py") if _compiles(path)]
    assert sources
    for source in sources:
        compiled = Path(importlib.util.cache_from_source(str(source)))
        assert compiled.exists(), f"{source} has no byte code"
        header, code = compiled.read_bytes()[:16], compiled.read_bytes()[16:]
        assert header[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(header[4:8], "little") == 0b01, "hash-based and unchecked"
        assert marshal.loads(code).co_filename.startswith(PLACES[part])


def _compiles(source: Path) -> bool:
    """Packages may carry templates that are no Python."""
    try:
        compile(source.read_bytes(), str(source), "exec")
    except SyntaxError:
        return False
    return True
