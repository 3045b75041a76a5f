"""Wrong variables are refused by name, and never repeated."""

from pathlib import Path

import pytest

from lc_workflow.platform.config import Settings
from lc_workflow.platform.variables import BadSetting
from lc_workflow.platform.workbench import read_variables

NEEDED = {
    "DATABASE_URL": "postgresql://lender:s3cr3t@db.example:5432/loans",
    "SECRET_KEY": "thirty-two characters, or some more",
}
STORE = {"MINIO_ENDPOINT": "minio:9000", "MINIO_ACCESS_KEY": "branch", "MINIO_SECRET_KEY": "vault"}
POST = {"SMTP_HOST": "post.example", "SMTP_FROM": "Loans <loans@branch.example>"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "   "),
        ("DATABASE_URL", "loans"),
        ("DATABASE_URL", "mysql://lender:s3cr3t@db.example/loans"),
        ("DATABASE_URL", "postgresql://lender:s3cr3t@db.example"),
        ("DATABASE_URL", "postgresql://lender:s3cr3t@db.example:port/loans"),
        ("DATABASE_URL", "postgresql://lender:s3cr3t@db.example/loans?sslmode=sometimes"),
        ("DATABASE_URL", "postgresql://lender:s3cr3t@db.example/loans?connect_timeout=3"),
        ("DATABASE_URL", "postgresql://lender:s3cr3t@db.example:70000/loans"),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "too short to be a secret"),
        ("PREVIOUS_SECRET_KEYS", "thirty-two characters; or some more,stubby"),
        ("ALGORITHM", "none"),
        ("ALGORITHM", "RS256"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "half an hour"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "999999999999"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "7.5"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "999999999999"),
        ("DEBUG", "perhaps"),
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("WEB_CONCURRENCY", "-1"),
        ("WEB_CONCURRENCY", "2"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://app.example,app.example"),
        ("CORS_ORIGINS", "https://app.example/login"),
        ("CORS_ORIGINS", "https://*.example"),
        ("CORS_ORIGINS", "https://app.example:65536"),
        ("CORS_ORIGINS", "https://app.example?branch=1"),
        ("CORS_ORIGINS", "https://ប្រាក់.example"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, railway"),
        ("TRUSTED_PROXIES", "*"),
        ("CLAMD_URL", "scanner:70000"),
        ("CLAMD_URL", "scanner:0"),
        ("MINIO_ENDPOINT", "https://minio.example/bucket"),
        ("MINIO_ENDPOINT", "ftp://minio.example"),
        ("MINIO_ENDPOINT", "minio.example:70000"),
        ("MINIO_PUBLIC_ENDPOINT", "https://minio.example:port"),
        ("MINIO_PUBLIC_ENDPOINT", "https://minio.example/bucket"),
        ("HOST", "localhost"),
        ("MINIO_ACCESS_KEY", ""),
        ("MINIO_SECRET_KEY", ""),
        ("MINIO_SECURE", "tls"),
        ("MINIO_BUCKET_NAME", "the files"),
        ("RATE_LIMIT_ENABLED", "sometimes"),
        ("RATE_LIMIT_REQUESTS", "many"),
        ("RATE_LIMIT_WINDOW", "0"),
        ("RATE_LIMIT_WINDOW", "999999999999"),
        ("REMOVED_FILES_DAYS", "999999999999"),
        ("MIN_PASSWORD_LENGTH", "73"),
        ("REQUIRE_PASSWORD_SPECIAL_CHARS", "2"),
        ("REQUIRE_PASSWORD_NUMBERS", "digits"),
        ("REQUIRE_PASSWORD_UPPERCASE", "capitals"),
        ("SESSION_COOKIE_SECURE", "https"),
        ("SESSION_COOKIE_HTTPONLY", "http"),
        ("SESSION_COOKIE_SAMESITE", "sometimes"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_MAX_OVERFLOW", "-1"),
        ("DATABASE_POOL_PRE_PING", "ping"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "prose"),
        ("MAX_FILE_SIZE", "10 MB"),
        ("SMTP_HOST", "smtp://post.example"),
        ("SMTP_HOST", "post.example:587"),
        ("SMTP_HOST", "post..example"),
        ("SMTP_HOST", "p" * 64),
        ("SMTP_PORT", "smtp"),
        ("WEBHOOKS_ALLOW_PRIVATE", "perhaps"),
        ("MINIO_BUCKET_NAME", "loans..of.a.branch"),
        ("MINIO_BUCKET_NAME", "192.168.1.10"),
        ("MINIO_ACCESS_KEY", "សាខា"),
        ("WEBHOOKS_CA_FILE", "/nowhere/authority.pem"),
        ("WEBHOOKS_CA_FILE", __file__),
        ("SMTP_FROM", "the branch"),
        ("SMTP_FROM", "Loans, Takeo <loans@branch.example>"),
        ("SMTP_SECURITY", "sometimes"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:65536"),
        ("DISBURSEMENT_WEBHOOK_URL", "https://payments.example:65536/orders"),
        ("DISBURSEMENT_WEBHOOK_URL", "https://សាខា.example/orders"),
        ("DISBURSEMENT_WEBHOOK_URL", "https://payments.example\\orders"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://somebody:secret@collector.example/v1/traces"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        Settings.from_environ({**NEEDED, **STORE, **POST, name: value})
    sentence = str(refusal.value)
    assert name in sentence
    assert sentence.endswith(".")
    assert len(value) < 3 or value not in sentence
    assert "s3cr3t" not in sentence
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"SESSION_COOKIE_SAMESITE": "none", "SESSION_COOKIE_SECURE": "false"}, "SESSION_COOKIE_SAMESITE"),
        ({"WEB_CONCURRENCY": "2", "REDIS_URL": "redis://h", "METRICS_TOKEN": "m" * 32}, "PROMETHEUS_MULTIPROC_DIR"),
        ({"WEB_CONCURRENCY": "65", "REDIS_URL": "redis://h"}, "WEB_CONCURRENCY must be at least 1 and at most 64"),
        ({"MINIO_ACCESS_KEY": "branch"}, "MINIO_ENDPOINT"),
        ({"MINIO_SECRET_KEY": "vault"}, "MINIO_ENDPOINT"),
        ({"MINIO_PUBLIC_ENDPOINT": "https://papers.example"}, "MINIO_ENDPOINT"),
        ({"SMTP_FROM": "loans@branch.example"}, "SMTP_HOST"),
        ({"SMTP_HOST": "post.example"}, "SMTP_FROM"),
        ({**POST, "SMTP_USERNAME": "loans"}, "SMTP_PASSWORD"),
        ({**POST, "SMTP_USERNAME": "loans", "SMTP_PASSWORD": "vault", "SMTP_SECURITY": "none"}, "SMTP_SECURITY"),
    ],
)
def test_half_of_a_pair_is_refused(variables: dict[str, str], name: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.from_environ({**NEEDED, **variables})


@pytest.mark.parametrize(
    ("text", "driver_url"),
    [
        ("postgres://a:b@h/d", "postgresql+asyncpg://a:b@h/d"),
        ("postgresql://a:b@h:6000/d?sslmode=require", "postgresql+asyncpg://a:b@h:6000/d?ssl=require"),
        ("postgresql+asyncpg://a:b@h/d?ssl=disable", "postgresql+asyncpg://a:b@h/d?ssl=disable"),
        ("postgres://a:p%40ss@h/d", "postgresql+asyncpg://a:p%40ss@h/d"),
    ],
)
def test_the_forms_of_hosting_providers_are_understood(text: str, driver_url: str) -> None:
    settings = Settings.from_environ({**NEEDED, "DATABASE_URL": text})
    assert settings.database_url.render_as_string(hide_password=False) == driver_url


@pytest.mark.parametrize(
    ("endpoint", "secure", "reached"),
    [
        ("minio:9000", "false", "http://minio:9000"),
        ("minio:9000", "true", "https://minio:9000"),
        ("https://s3.example/", "false", "https://s3.example"),
        ("http://minio:9000", "true", "http://minio:9000"),
    ],
)
def test_the_scheme_of_an_endpoint_decides(endpoint: str, secure: str, reached: str) -> None:
    variables = {**NEEDED, **STORE, "MINIO_ENDPOINT": endpoint, "MINIO_SECURE": secure}
    store = Settings.from_environ(variables).object_store
    assert store is not None
    assert f"{'https' if store.secure else 'http'}://{store.endpoint}" == reached


def test_what_people_write_in_panels_is_forgiven() -> None:
    settings = Settings.from_environ(
        {
            **NEEDED,
            "CORS_ORIGINS": " https://App.example:443/ , http://localhost:5173,",
            "TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7",
            "DEBUG": "Off",
            "LOG_LEVEL": "info",
            "SESSION_COOKIE_SAMESITE": "Strict",
            "REDIS_URL": " ",
        }
    )
    assert settings.cors_origins == ("https://app.example", "http://localhost:5173")
    assert (settings.debug, settings.log_level, settings.cookie_same_site) == (False, "INFO", "strict")
    assert settings.redis_url is None
    assert settings.trusted_proxies == ("10.0.0.0/8", "192.0.2.7/32")


def test_any_origin_is_allowed_in_development_only() -> None:
    anybody = {**NEEDED, "CORS_ORIGINS": "*"}
    assert Settings.from_environ({**anybody, "DEBUG": "true"}).cors_origins == ("*",)
    for debug in ({"DEBUG": "false"}, {}):
        with pytest.raises(BadSetting, match=r"\* is refused unless DEBUG=true"):
            Settings.from_environ(anybody | debug)


def test_an_env_file_may_be_quoted_exported_and_commented(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# PORT=1\n\nexport PORT=2\nSECRET_KEY='a=b'\nHOST = \"h\" \nnonsense\n")
    assert read_variables(file) == {"PORT": "2", "SECRET_KEY": "a=b", "HOST": "h"}
    assert read_variables(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("8001 # that of the web app's proxy", "8001"),
        ("8001\t#", "8001"),
        ("", ""),
        ("  # none yet", ""),
        ("#1", "#1"),
        ("https://app.example/#/loans", "https://app.example/#/loans"),
        ("'four # five' # six", "four # five"),
        ("\"four '#' five\"", "four '#' five"),
        ("'isn't'", "isn't"),
        ('"unclosed # six', '"unclosed'),
        ('four "five"', 'four "five"'),
    ],
)
def test_a_comment_may_stand_behind_a_value(written: str, read: str, tmp_path: Path) -> None:
    (file := tmp_path / ".env").write_text(f"NAME={written}\n")
    assert read_variables(file) == {"NAME": read}


def test_a_file_of_windows_is_read_from_its_first_name_on(tmp_path: Path) -> None:
    """Without its database's name another database would be worked on."""
    file = tmp_path / ".env"
    file.write_text("DATABASE_URL=postgresql://db.example/loans\r\nPORT=8001\r\n", "utf-8-sig")
    assert read_variables(file) == {"DATABASE_URL": "postgresql://db.example/loans", "PORT": "8001"}
    file.write_text("DATABASE_URL=postgresql://db.example/loans", "utf-16")
    with pytest.raises(BadSetting, match=r"^\.env must be a text in UTF-8\.$"):
        read_variables(file)


@pytest.mark.parametrize(("algorithm", "needed"), [("HS384", 48), ("HS512", 64)])
def test_a_longer_hash_needs_a_longer_secret(algorithm: str, needed: int) -> None:
    with pytest.raises(BadSetting, match=f"SECRET_KEY must have at least {needed} characters"):
        Settings.from_environ({**NEEDED, "ALGORITHM": algorithm, "SECRET_KEY": "x" * (needed - 1)})
    assert Settings.from_environ({**NEEDED, "ALGORITHM": algorithm, "SECRET_KEY": "x" * needed}).algorithm == algorithm


@pytest.mark.parametrize("name", ["PREVIOUS_SECRET_KEYS", "ENCRYPTION_KEYS"])
def test_a_key_that_holds_a_comma_can_still_be_listed_once_it_is_not_the_newest(name: str) -> None:
    former, first = NEEDED["SECRET_KEY"], "f" * 32
    with pytest.raises(BadSetting, match=rf"{name} .*a comma within a key is \\,"):
        Settings.from_environ({**NEEDED, name: f"{former},{first}"})
    listed = former.replace(",", "\\,") + f" , {first}"
    settings = Settings.from_environ({**NEEDED, name: listed})
    keys = {"PREVIOUS_SECRET_KEYS": settings.previous_secret_keys, "ENCRYPTION_KEYS": settings.encryption_keys}
    assert keys[name] == (former, first)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OTEL_TRACES_SAMPLER": "some"}, "OTEL_TRACES_SAMPLER"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "10 %"}, "OTEL_TRACES_SAMPLER_ARG"),
        (
            {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
            "OTEL_TRACES_SAMPLER_ARG",
        ),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "nan"}, "OTEL_TRACES_SAMPLER_ARG"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "soon"}, "OTEL_BSP_SCHEDULE_DELAY"),
        ({"OTEL_BSP_EXPORT_TIMEOUT": "0"}, "OTEL_BSP_EXPORT_TIMEOUT"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "0"}, "OTEL_BSP_MAX_QUEUE_SIZE"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "100"}, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "hunter2"}, "OTEL_EXPORTER_OTLP_HEADERS"),
        ({"OTEL_EXPORTER_OTLP_TIMEOUT": "soon"}, "OTEL_EXPORTER_OTLP_TIMEOUT"),
        ({"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "0"}, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"),
        ({"OTEL_EXPORTER_OTLP_COMPRESSION": "zip"}, "OTEL_EXPORTER_OTLP_COMPRESSION"),
        ({"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere/authority.pem"}, "OTEL_EXPORTER_OTLP_CERTIFICATE"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "branch=PP01,test"}, "OTEL_RESOURCE_ATTRIBUTES"),
        ({"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=a, Bearer hunter2"}, "OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
    ],
)
def test_what_would_be_followed_in_another_way_than_was_asked_for_is_refused(
    variables: dict[str, str], named: str
) -> None:
    """The library warns of them, with what a header holds, and goes on."""
    with pytest.raises(BadSetting) as refusal:
        Settings.from_environ({**NEEDED, **variables, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"})
    assert str(refusal.value).startswith(f"{named} must ")
    assert "hunter2" not in str(refusal.value)
    Settings.from_environ({**NEEDED, **variables})  # nobody is told, so they say nothing


def test_the_standards_own_words_are_understood() -> None:
    asked = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "OTEL_TRACES_SAMPLER": "ParentBased_TraceIdRatio",
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0.5",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_RESOURCE_ATTRIBUTES": "branch=PP01, deployment.environment=,",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_BSP_MAX_QUEUE_SIZE": "",
        "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Basic%20aHVudGVyMg==, x-branch = one two,",
    }
    assert Settings.from_environ({**NEEDED, **asked}).traces_url == "http://collector:4318/v1/traces"
