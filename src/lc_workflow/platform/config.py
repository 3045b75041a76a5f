"""The settings of one installation, read once from the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from lc_workflow.platform.telemetry import traces_url
from lc_workflow.platform.variables import HIGHEST_PORT, SHORTEST_SECRET, BadSetting, Listening, Variables, fits

SHORTEST_SECRETS: Final = {"HS256": SHORTEST_SECRET, "HS384": 48, "HS512": 64}
"""By algorithm; a key shorter than the hash weakens the signature (RFC 7518, 3.2)."""

SMTP_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
"""How the connection to a mail server is protected, with the port where that is usual."""

_BUCKET: Final = re.compile(r"(?!\d+(?:\.\d+){3}$)(?!.*(?:\.\.|\.-|-\.))[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]", re.ASCII)
"""What stores take for the name of a bucket; an address is none."""

_HOST: Final = re.compile(r"(?=.{1,253}$)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?")
"""What names a server."""

A_YEAR: Final = 365
"""In days; anything longer is a typing mistake, and far longer is more than a date can hold."""

SSL_MODES: Final = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
DEFAULT_FILE_TYPES: Final = (
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "application/pdf",
    "text/plain",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """What a new password must have."""

    shortest: int = 8
    special: bool = False
    number: bool = False
    uppercase: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStoreSettings:
    """Where the S3 store is, and how to sign for it."""

    endpoint: str
    secure: bool
    access_key: str
    secret_key: str
    bucket: str
    public_endpoint: str | None = None
    public_secure: bool = True
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementWebhook:
    """Where loans to pay out are sent, and the secret they are signed with."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where e-mail is handed in, and as whom; `security` is `starttls`, `tls` or `none`."""

    host: str
    sender: str
    port: int = 587
    username: str | None = None
    password: str | None = None
    security: str = "starttls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the process is configured with; adapters get the values they need, not this."""

    database_url: URL
    secret_key: str
    previous_secret_keys: tuple[str, ...] = ()
    encryption_keys: tuple[str, ...] = ()
    algorithm: str = "HS256"
    access_token_minutes: int = 30
    refresh_token_days: int = 7
    debug: bool = False
    host: str = "0.0.0.0"  # noqa: S104 - a container listens on all its addresses
    port: int = 8000
    workers: int = 1
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    redis_url: str | None = None
    object_store: ObjectStoreSettings | None = None
    disbursement_webhook: DisbursementWebhook | None = None
    mail: MailServer | None = None
    webhooks_private: bool = False
    webhooks_ca: Path | None = None
    upload_folder: Path = Path("uploads")
    rate_limit_enabled: bool = True
    rate_limit_requests: int = 100
    rate_limit_window: int = 60
    uploads_per_minute: int = 10
    passwords: PasswordPolicy = PasswordPolicy()
    cookie_secure: bool = True
    cookie_http_only: bool = True
    cookie_same_site: str = "lax"
    pool_size: int = 10
    pool_overflow: int = 20
    pool_pre_ping: bool = True
    log_level: str = "INFO"
    log_format: str = "json"
    slow_statement_ms: int = 500
    metrics_token: str | None = None
    metrics_folder: Path | None = None
    traces_url: str | None = None
    max_file_size: int = 10 * 1024 * 1024
    file_types: tuple[str, ...] = DEFAULT_FILE_TYPES
    removed_files_days: int = 30
    clamd_address: str | None = None
    max_application_size: int = 500 * 1024 * 1024

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the variables of `.env.production`.

        Raises:
            BadSetting: A required variable is absent, or one cannot be understood; the sentence names it.
        """
        read = Variables(os.environ if environ is None else environ)
        debug, listening = read.flag("DEBUG", default=False), Listening.read(read)
        settings = cls(
            database_url=database_url(read.required("DATABASE_URL")),
            secret_key=read.secret("SECRET_KEY"),
            previous_secret_keys=read.keys("PREVIOUS_SECRET_KEYS"),
            encryption_keys=read.keys("ENCRYPTION_KEYS"),
            algorithm=read.choice("ALGORITHM", SHORTEST_SECRETS, default="HS256"),
            access_token_minutes=read.number("ACCESS_TOKEN_EXPIRE_MINUTES", default=30, least=1, most=1_440 * A_YEAR),
            refresh_token_days=read.number("REFRESH_TOKEN_EXPIRE_DAYS", default=7, least=1, most=A_YEAR),
            debug=debug,
            host=listening.host,
            port=listening.port,
            workers=listening.workers,
            cors_origins=tuple(map(_origin, read.names("CORS_ORIGINS"))),
            trusted_proxies=_proxies(read),
            redis_url=read.optional("REDIS_URL"),
            object_store=_object_store(read),
            disbursement_webhook=_disbursement_webhook(read),
            mail=_mail(read),
            webhooks_private=read.flag("WEBHOOKS_ALLOW_PRIVATE", default=False),
            webhooks_ca=read.certificates("WEBHOOKS_CA_FILE"),
            upload_folder=Path(read.text("UPLOAD_FOLDER", default="uploads")),
            rate_limit_enabled=read.flag("RATE_LIMIT_ENABLED", default=True),
            rate_limit_requests=read.number("RATE_LIMIT_REQUESTS", default=100, least=1),
            rate_limit_window=read.number("RATE_LIMIT_WINDOW", default=60, least=1, most=86_400),
            uploads_per_minute=read.number("UPLOADS_PER_MINUTE", default=10, least=1),
            passwords=PasswordPolicy(
                shortest=read.number("MIN_PASSWORD_LENGTH", default=8, least=1, most=72),
                special=read.flag("REQUIRE_PASSWORD_SPECIAL_CHARS", default=False),
                number=read.flag("REQUIRE_PASSWORD_NUMBERS", default=False),
                uppercase=read.flag("REQUIRE_PASSWORD_UPPERCASE", default=False),
            ),
            cookie_secure=read.flag("SESSION_COOKIE_SECURE", default=not debug),
            cookie_http_only=read.flag("SESSION_COOKIE_HTTPONLY", default=True),
            cookie_same_site=read.choice("SESSION_COOKIE_SAMESITE", {"lax", "strict", "none"}, default="lax"),
            pool_size=read.number("DATABASE_POOL_SIZE", default=10, least=1),
            pool_overflow=read.number("DATABASE_MAX_OVERFLOW", default=20, least=0),
            pool_pre_ping=read.flag("DATABASE_POOL_PRE_PING", default=True),
            log_level=read.choice("LOG_LEVEL", {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}, default="INFO"),
            log_format=read.choice("LOG_FORMAT", {"json", "console"}, default="json"),
            slow_statement_ms=read.number("SLOW_STATEMENT_MS", default=500, least=0),
            metrics_token=read.optional("METRICS_TOKEN"),
            metrics_folder=read.path("PROMETHEUS_MULTIPROC_DIR"),
            traces_url=traces_url(read),
            max_file_size=read.number("MAX_FILE_SIZE", default=10 * 1024 * 1024, least=1),
            file_types=read.names("ALLOWED_FILE_TYPES") or DEFAULT_FILE_TYPES,
            max_application_size=read.number("MAX_APPLICATION_SIZE", default=500 * 1024 * 1024, least=1),
            clamd_address=_clamd(read),
            removed_files_days=read.number("REMOVED_FILES_DAYS", default=30, least=0, most=100 * A_YEAR),
        )
        settings.refuse_contradictions()
        return settings

    def refuse_contradictions(self) -> None:
        """Stop when each value is fine and their combination is not.

        Raises:
            BadSetting: The combination cannot run safely.
        """
        if "*" in self.cors_origins and not self.debug:
            raise BadSetting("CORS_ORIGINS must list the web app's origins; * is refused unless DEBUG=true.")
        for origin in self.cors_origins:
            if origin != "*" and not (re.fullmatch(r"https?://[\w.:\[\]-]+", origin, re.ASCII) and fits(origin)):
                raise BadSetting("CORS_ORIGINS must be origins like https://app.example, separated by commas.")
        if self.workers > 1 and self.redis_url is None:
            raise BadSetting("WEB_CONCURRENCY above 1 needs REDIS_URL: workers share limits and live messages there.")
        if self.cookie_same_site == "none" and not self.cookie_secure:
            raise BadSetting("SESSION_COOKIE_SAMESITE=none needs SESSION_COOKIE_SECURE=true.")
        if self.workers > 1 and self.metrics_token is not None and self.metrics_folder is None:
            raise BadSetting(
                "WEB_CONCURRENCY above 1 with METRICS_TOKEN needs PROMETHEUS_MULTIPROC_DIR: workers add up there."
            )
        self._refuse_short_keys()

    def _refuse_short_keys(self) -> None:
        if len(self.secret_key) < (needed := SHORTEST_SECRETS[self.algorithm]):
            raise BadSetting(f"SECRET_KEY must have at least {needed} characters with ALGORITHM={self.algorithm}.")
        if self.metrics_token is not None and len(self.metrics_token) < SHORTEST_SECRET:
            raise BadSetting(f"METRICS_TOKEN must have at least {SHORTEST_SECRET} characters.")
        lists = {"PREVIOUS_SECRET_KEYS": self.previous_secret_keys, "ENCRYPTION_KEYS": self.encryption_keys}
        for name, keys in lists.items():
            if any(len(key) < SHORTEST_SECRET for key in keys):
                raise BadSetting(
                    f"{name} must each have at least {SHORTEST_SECRET} characters; a comma within a key is \\, here."
                )


def database_url(text: str, *, name: str = "DATABASE_URL") -> URL:
    """Turn a provider's form of the URL (`postgres://…?sslmode=require`) into the driver's; `name` is its variable.

    Raises:
        BadSetting: The text is no PostgreSQL URL.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise BadSetting(f"{name} is not a database URL.") from None
    if (
        url.drivername not in {"postgres", "postgresql", "postgresql+asyncpg"}
        or not url.database
        or (url.port or 1) > HIGHEST_PORT
    ):
        raise BadSetting(f"{name} must look like postgresql://user:password@host:5432/database.")
    if url.query.keys() - {"sslmode", "ssl"}:  # not named: they may be the end of a password that holds a ?
        raise BadSetting(f"{name} has something behind a ? that is not understood; only sslmode is.")
    mode = url.query.get("sslmode") or url.query.get("ssl")
    if mode is not None and mode not in SSL_MODES:
        raise BadSetting(f"{name} has an unknown sslmode; it is one of {', '.join(sorted(SSL_MODES))}.")
    url = url.set(drivername="postgresql+asyncpg").difference_update_query(["sslmode", "ssl"])
    return url.update_query_dict({"ssl": str(mode)}) if mode else url


def _object_store(read: Variables) -> ObjectStoreSettings | None:
    """Read the MinIO variables: all of them, or none."""
    endpoint = read.optional("MINIO_ENDPOINT")
    if endpoint is None:
        if any(map(read.optional, ("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "MINIO_PUBLIC_ENDPOINT"))):
            raise BadSetting("MINIO_ENDPOINT is not set, while there are keys or a public address for it.")
        return None
    secure, host = _endpoint("MINIO_ENDPOINT", endpoint, secure=read.flag("MINIO_SECURE", default=False))
    public = read.optional("MINIO_PUBLIC_ENDPOINT")
    public_secure, public_host = _endpoint("MINIO_PUBLIC_ENDPOINT", public, secure=secure) if public else (secure, None)
    bucket = read.text("MINIO_BUCKET_NAME", default="lc-workflow-files")
    if not _BUCKET.fullmatch(bucket):
        raise BadSetting("MINIO_BUCKET_NAME must be 3 to 63 letters, digits, hyphens and single dots, and no address.")
    if not (access_key := read.required("MINIO_ACCESS_KEY")).isascii():
        raise BadSetting("MINIO_ACCESS_KEY must be ASCII letters, digits and signs.")
    return ObjectStoreSettings(
        endpoint=host,
        secure=secure,
        access_key=access_key,
        secret_key=read.required("MINIO_SECRET_KEY"),
        bucket=bucket,
        public_endpoint=public_host,
        public_secure=public_secure,
        region=read.text("MINIO_REGION", default="us-east-1"),
    )


def _disbursement_webhook(read: Variables) -> DisbursementWebhook | None:
    """Read the webhook's variables: both, or none."""
    url, secret = read.optional("DISBURSEMENT_WEBHOOK_URL"), read.optional("DISBURSEMENT_WEBHOOK_SECRET")
    if url is None:
        if secret:
            raise BadSetting("DISBURSEMENT_WEBHOOK_URL is not set, while there is a secret for it.")
        return None
    if not re.fullmatch(r"https?://[^/\s\\]+(/[!-~]*)?", url) or not url.isascii() or not fits(url):
        raise BadSetting("DISBURSEMENT_WEBHOOK_URL must look like https://payments.example/orders.")
    return DisbursementWebhook(url=url, secret=read.secret("DISBURSEMENT_WEBHOOK_SECRET"))


def _clamd(read: Variables) -> str | None:
    """Read where the virus scanner is: `host:port`, as a URL or bare."""
    if (text := read.optional("CLAMD_URL")) is None:
        return None
    found = re.fullmatch(r"(?:tcp://)?([^/\s:]+|\[[0-9a-fA-F:]+\]):(\d{1,5})/?", text)
    if not found or not 0 < int(found[2]) <= HIGHEST_PORT:
        raise BadSetting("CLAMD_URL must be the scanner's host:port.")
    return f"{found[1]}:{found[2]}"


def _proxies(read: Variables) -> tuple[str, ...]:
    """Read which proxies are believed about the caller.

    A host name is refused: it would match no address, and nobody would notice.
    """
    try:
        return tuple(str(ip_network(name)) for name in read.names("TRUSTED_PROXIES"))
    except ValueError:
        raise BadSetting(
            "TRUSTED_PROXIES must be addresses or networks like 10.0.0.0/8, separated by commas."
        ) from None


def _mail(read: Variables) -> MailServer | None:
    """Read the SMTP variables: a server with a sender, or none."""
    host, sender = read.optional("SMTP_HOST"), read.optional("SMTP_FROM")
    username, password = read.optional("SMTP_USERNAME"), read.optional("SMTP_PASSWORD")
    security = read.choice("SMTP_SECURITY", SMTP_PORTS, default="starttls")
    port = read.number("SMTP_PORT", default=SMTP_PORTS[security], least=1, most=HIGHEST_PORT)
    if host is None:
        if sender or username or password:
            raise BadSetting("SMTP_HOST is not set, while there are a sender or a user for it.")
        return None
    if not _HOST.fullmatch(host) and not _is_address(host):
        raise BadSetting(
            "SMTP_HOST must be the name of a server, without a scheme, and without its port: SMTP_PORT is."
        )
    if sender is None or not re.fullmatch(
        r"""("[^"<>@\r\n]+" |[^"<>@,;:\r\n]+ )?<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+""", sender
    ):
        raise BadSetting("SMTP_FROM must be an address like loans@branch.example or Loans <loans@branch.example>.")
    if (username is None) != (password is None):
        raise BadSetting("SMTP_USERNAME and SMTP_PASSWORD come together; one of them is not set.")
    if username and security == "none":
        raise BadSetting("SMTP_SECURITY=none would send the password for everybody to read.")
    return MailServer(host=host, port=port, username=username, password=password, sender=sender, security=security)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _endpoint(name: str, text: str, *, secure: bool) -> tuple[bool, str]:
    """Take an endpoint with or without scheme; a scheme decides over MINIO_SECURE."""
    found = re.fullmatch(r"(?:(https?)://)?([^/\s]+)/?", text)
    if not found or not fits(f"//{found[2]}"):
        raise BadSetting(f"{name} must be host:port or https://host, without a path.")
    scheme, host = found.groups()
    return (scheme == "https" if scheme else secure), host


def _origin(text: str) -> str:
    """Write an origin as browsers do: in lower case, without a slash and the port that its scheme has anyway."""
    origin = text.rstrip("/").lower()
    return origin.removesuffix({"https": ":443", "http": ":80"}.get(origin.partition(":")[0], ""))
