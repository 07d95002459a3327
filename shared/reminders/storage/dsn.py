"""Where the database is: a URL in libpq's words, read and written."""

from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode

from reminders.settings import BadSetting, read_url

_SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class Address(NamedTuple):
    """Where the database is, and as whom to go there."""

    host: str  # a name, an address, or the folder of a Unix socket
    port: int
    database: str
    user: str
    password: str | None
    sslmode: str  # disable; with any other of libpq's, TLS is made and verified in full
    sslrootcert: str | None

    def __repr__(self) -> str:
        return "Address(…)"

    @property
    def is_socket(self) -> bool:
        return self.host.startswith("/")

    def to(self, database: str) -> "Address":
        """The same server, another database."""
        return self._replace(database=database)

    @property
    def url(self) -> str:
        """This address as a URL that `from_url` reads."""
        password = f":{quote(self.password, safe='')}" if self.password else ""
        query = {"sslmode": self.sslmode} | ({"sslrootcert": self.sslrootcert} if self.sslrootcert else {})
        place = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        if self.is_socket:
            place, query = f":{self.port}", query | {"host": self.host}
        user, database = quote(self.user, safe=""), quote(self.database, safe="")
        return f"postgresql://{user}{password}@{place}/{database}?{urlencode(query)}"

    @classmethod
    def from_url(cls, url: str, *, host: str | None = None) -> "Address":
        """Reads `postgresql://user:password@host:port/database?host=&sslmode=&sslrootcert=`; a `host` given here
        wins. BadSetting says what is wrong with one that is DATABASE_URL."""
        parts = read_url("DATABASE_URL", url, "postgresql", "postgres")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        host = host or query.get("host") or parts.hostname or "localhost"
        local = host.startswith("/") or host in _LOCAL_HOSTS
        if query.get("sslmode", "disable") not in _SSLMODES:
            raise BadSetting(f"DATABASE_URL: sslmode is one of {', '.join(_SSLMODES)}")
        return cls(
            host=host,
            port=parts.port or 5432,
            database=unquote(parts.path.lstrip("/")) or "postgres",
            user=unquote(parts.username or "postgres"),
            password=unquote(parts.password) if parts.password else None,
            sslmode=query.get("sslmode") or ("disable" if local else "verify-full"),
            sslrootcert=query.get("sslrootcert"),
        )
