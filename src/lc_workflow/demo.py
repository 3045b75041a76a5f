"""One loan, walked through a running server over HTTP: an officer, a teller and a manager each do their part."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

from lc_workflow.samples import photo, scan

PATIENCE: Final = 30
"""Seconds that the server may take for an answer."""

NAME: Final = "MAO SOCHEATA"
ID_NUMBER: Final = "019 000 777"
CUSTOMER: Final = {
    "id_card_type": "cambodian_identity",
    "id_number": ID_NUMBER,
    "full_name_khmer": "ម៉ៅ សុជាតា",
    "full_name_latin": NAME,
    "phone": "012 000 777",
    "date_of_birth": "1991-04-14",
    "sex": "female",
    "marital_status": "married",
    "province": "Phnom Penh",
    "district": "Chbar Ampov",
    "commune": "Nirouth",
    "village": "Boeng Chhuk",
    "occupation": "Grocery shop owner",
    "monthly_income": 640,
    "monthly_expenses": 310,
}
"""Who borrows: the same person each time, so every walk but the first is a returning customer's."""

LOAN: Final = {
    "currency": "USD",
    "requested_amount": 2500,
    "desired_loan_term": 18,
    "product_type": "monthly_loan",
    "interest_rate": 16.8,
    "loan_purposes": ["commerce"],
    "purpose_details": "A refrigerator, and stock before Khmer New Year",
}
ACCOUNT_ID: Final = "001-000777"


class Stopped(Exception):
    """The walk cannot go on; the sentence says at which request, and why."""


@dataclass(frozen=True, slots=True)
class Stride:
    """One step of the walk: how long the server took for it, and what was seen."""

    name: str
    milliseconds: float
    words: str


@dataclass(slots=True)
class Answer:
    """What came back."""

    headers: Message
    content: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.content)


@dataclass(slots=True)
class Walk:
    """Where the walk is: whose turn it is, the application, and what was handed in."""

    url: str
    password: str
    headers: dict[str, str] = field(default_factory=dict)
    application: str = ""
    version: str = ""
    identity_card_id: str = ""
    identity_card: bytes = field(
        default_factory=lambda: photo("Identity card", NAME, ID_NUMBER, f"taken {datetime.now(UTC):%d.%m.%Y %T}")
    )
    income: bytes = field(
        default_factory=lambda: scan("Income of the shop", NAME, "October: 655 USD", "November: 640 USD")
    )

    def sign_in(self, username: str) -> str:
        """Let somebody else take the next steps."""
        self.headers = {}
        form = urlencode({"username": username, "password": self.password}).encode()
        answer = self.ask("POST", "/auth/login", form, "application/x-www-form-urlencoded").json
        self.headers = {"Authorization": f"Bearer {answer['access_token']}"}
        user = answer["user"]
        return f"{user['first_name']} {user['last_name']}, {user['role']} at {(user['branch'] or {}).get('name')}"

    def see_rights(self) -> str:
        """Ask who one is, and what one may do."""
        me = self.ask("GET", "/auth/me").json
        granted = self.ask("GET", "/auth/me/permissions").json["effective_permissions"]
        rights = [entry["permission"] for entry in granted if entry["is_granted"]]
        able = sorted(right["action"] for right in rights if right["resource_type"] == "application")
        return f"{me['username']} holds {len(rights)} permissions; of applications: {', '.join(able)}"

    def draft(self) -> str:
        """Write the application down."""
        row = self._act("POST", "/applications", {**CUSTOMER, **LOAN})
        loans = self.ask("GET", f"/customers/{row['customer_id']}/applications").json
        return f"{row['workflow_status']}, version {self.version}, loan number {len(loans)} of this customer"

    def hand_in_identity_card(self) -> str:
        """Upload the photo of the identity card."""
        stored = self._upload("អត្តសញ្ញាណប័ណ្ណ.jpg", "image/jpeg", self.identity_card, "borrower_id_card")
        self.identity_card_id = stored["id"]
        return f"{stored['display_name']}, {stored['file_size']} bytes, {stored['mime_type']}"

    def hand_in_income(self) -> str:
        """Upload the proof of income."""
        stored = self._upload("Income of the shop.pdf", "application/pdf", self.income, "borrower_income_proof")
        return f"{stored['display_name']}, {stored['file_size']} bytes, {stored['mime_type']}"

    def list_papers(self) -> str:
        """Look at what has been handed in."""
        files = self.ask("GET", f"/files?application_id={self.application}").json["items"]
        folders = self.ask("GET", f"/folders?application_id={self.application}").json
        return f"{len(files)} papers in {', '.join(folder['name'] for folder in folders)}"

    def submit(self) -> str:
        """Hand the application in."""
        row = self._act("PATCH", self._here("/submit"), {"notes": "Visited the shop; it is busy."})
        return f"{row['workflow_status']}"

    def start(self) -> str:
        """Take the application to the counter."""
        row = self._act("POST", self._here("/actions/start"), {})
        return f"{row['workflow_status']}"

    def send_to_review(self) -> str:
        """Enter the account, recommend a little less than was asked for, and pass the application on."""
        wish = {"account_id": ACCOUNT_ID, "recommended_amount": 2400, "notes": "ឈ្មោះត្រឹមត្រូវ"}
        row = self._act("POST", self._here("/actions/send_to_review"), wish)
        recommended = f"{row['recommended_amount']:,.2f} {row['currency']}"
        return f"{row['workflow_status']}, account {row['account_id']}, {recommended} recommended"

    def approve(self) -> str:
        """Decide: as was recommended."""
        row = self._act("PATCH", self._here("/approve"), {"notes": "Income and papers agree."})
        amounts = f"{row['approved_amount']:,.2f} of {row['requested_amount']:,.2f} {row['currency']}"
        return f"{row['workflow_status']}, {amounts}"

    def read_history(self) -> str:
        """Read who did what."""
        moves = self.ask("GET", self._here("/workflow/history")).json
        return ", ".join(f"{move['action']} by {move['actor_name']}" for move in moves)

    def open_identity_card(self) -> str:
        """Open the photo with a link that needs no header."""
        link = self.ask("GET", f"/files/{self.identity_card_id}/download").json["download_url"]
        opened = _send(Request(link))  # noqa: S310 - the server gave it
        if opened.content != self.identity_card:
            raise Stopped("The link to the identity card leads to other bytes than were handed in.")
        return f"{len(opened.content)} bytes, the same that were handed in"

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json", **headers: str
    ) -> Answer:
        """Send one request as whoever is signed in.

        Raises:
            Stopped: Nobody answers, or the answer is a refusal.
        """
        headers |= self.headers
        if body is not None:
            headers["Content-Type"] = kind
        return _send(Request(f"{self.url}/api/v1{path}", body, headers, method=method))  # noqa: S310 - the caller's server

    def _act(self, method: str, path: str, wish: dict[str, Any]) -> dict[str, Any]:
        """Draft or move the application, on condition that nobody changed it since it was last seen."""
        condition = {"If-Match": self.version} if self.version else {}
        answer = self.ask(method, path, json.dumps(wish).encode(), **condition)
        row: dict[str, Any] = answer.json
        self.application, self.version = row["id"], answer.headers["ETag"]
        return row

    def _here(self, path: str) -> str:
        return f"/applications/{self.application}{path}"

    def _upload(self, name: str, kind: str, content: bytes, document_type: str) -> dict[str, Any]:
        boundary = uuid4().hex
        fields = {"application_id": self.application, "document_type": document_type}
        body = b"".join(
            (
                *(_part(boundary, f'name="{field_name}"', value.encode()) for field_name, value in fields.items()),
                _part(boundary, f'name="file"; filename="{name}"\r\nContent-Type: {kind}', content),
                f"--{boundary}--\r\n".encode(),
            )
        )
        stored: dict[str, Any] = self.ask(
            "POST", "/files/upload", body, f"multipart/form-data; boundary={boundary}"
        ).json
        return stored


def walk(url: str, password: str) -> Iterator[Stride]:
    """Walk the loan through the server at `url`, one step at a time; `password` is that of the demo accounts.

    Raises:
        Stopped: The walk cannot go on.
    """
    here = Walk(url, password)
    for name, step in STEPS:
        began = time.perf_counter()
        try:
            words = step(here)
        except Stopped as reason:
            raise Stopped(f"{name}: {reason}") from reason
        yield Stride(name, (time.perf_counter() - began) * 1000, words)


STEPS: Final[tuple[tuple[str, Callable[[Walk], str]], ...]] = (
    ("The officer signs in", lambda here: here.sign_in("officer")),
    ("sees what they may do", Walk.see_rights),
    ("drafts an application", Walk.draft),
    ("hands in the identity card", Walk.hand_in_identity_card),
    ("hands in a proof of income", Walk.hand_in_income),
    ("looks through the papers", Walk.list_papers),
    ("submits", Walk.submit),
    ("The teller signs in", lambda here: here.sign_in("teller")),
    ("starts on the application", Walk.start),
    ("enters the account", Walk.send_to_review),
    ("The manager signs in", lambda here: here.sign_in("manager")),
    ("opens the identity card", Walk.open_identity_card),
    ("approves", Walk.approve),
    ("reads the history", Walk.read_history),
)
"""The steps in order; each is named as the end of a sentence about whoever signed in last."""


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def _send(request: Request) -> Answer:
    try:
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
            return Answer(answer.headers, answer.read())
    except HTTPError as refusal:
        with refusal:
            raise Stopped(_refused(request, refusal)) from refusal
    except OSError as silence:
        raise Stopped(f"nobody answers at {request.host}; is `make run` running there? ({silence})") from silence


def _refused(request: Request, refusal: HTTPError) -> str:
    try:
        detail = json.load(refusal)["detail"]
    except (ValueError, KeyError, TypeError):
        detail = refusal.reason
    hint = " The demo accounts come with `make seed`; DEMO_PASSWORD says their password." if refusal.code == 401 else ""  # noqa: PLR2004
    return f"{request.get_method()} {request.selector} was answered with {refusal.code}: {detail}{hint}"
