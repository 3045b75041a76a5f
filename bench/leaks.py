"""Looks for secrets in every line that was ever committed; `make audit` brings detect-secrets and runs it."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings

HERE = Path(__file__).parent
KNOWN = HERE / "leaks.known"
"""Findings that are no secrets, a line each: the fingerprint, and why it is none."""

SHAPES = (
    *("ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "CloudantDetector"),
    *("DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector", "IbmCloudIamDetector"),
    *("IbmCosHmacDetector", "JwtTokenDetector", "MailchimpDetector", "NpmDetector", "OpenAIDetector"),
    *("PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector", "SoftlayerDetector"),
    *("SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector"),
)
"""What is told by its shape, looked for everywhere."""

GUESSES = ("KeywordDetector",)
"""What is told by the name beside it, looked for where no test plays with secrets."""

PLAYED_WITH = ("tests/", "bench/")
LEFT_OUT = (":!uv.lock", ":!*/static/*", ":!*.tsv")
"""Hashes of packages, the viewers of the documentation, tables."""


def added() -> Iterator[tuple[str, str]]:
    """Give each line that a commit added, with the file it went into."""
    history = ["git", "log", "--patch", "--unified=0", "--no-color", "--no-renames", "--format=", "--all", "--"]
    log = subprocess.run([*history, ".", *LEFT_OUT], cwd=HERE.parent, check=True, capture_output=True)
    path = ""
    for line in log.stdout.decode(errors="replace").splitlines():
        if line.startswith("+++ "):
            path = line.removeprefix("+++ b/")
        elif line.startswith("+"):
            yield path, line[1:]


def found() -> Iterator[tuple[str, PotentialSecret]]:
    """Look at each different line once."""
    lines = dict.fromkeys(added())
    for names, chosen in (
        (SHAPES, lines),
        (GUESSES, [line for line in lines if not line[0].startswith(PLAYED_WITH)]),
    ):
        with transient_settings({"plugins_used": [{"name": name} for name in names]}):
            for path, line in chosen:
                for secret in scan_line(line):
                    yield path, secret


def main() -> int:
    """Print what looks like a secret and is not known; ends with 1 when there is any."""
    known = {line.split()[0] for line in KNOWN.read_text("utf-8").splitlines() if line and not line.startswith("#")}
    count = 0
    for path, secret in found():
        fingerprint = hashlib.sha256(f"{secret.type} {secret.secret_value}".encode()).hexdigest()[:16]
        if fingerprint not in known:
            known.add(fingerprint)
            count += 1
            print(f"{fingerprint}  {path}: {secret.type}")  # never the secret itself
    print(f"{count or 'no'} new findings in all that was ever committed")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
