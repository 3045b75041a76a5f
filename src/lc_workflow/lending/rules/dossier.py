"""The printed form of a dossier: its sections, in English or in Khmer, made from its content."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.lending.rules.dossier_words import VALUES, WORDS
from lc_workflow.lending.rules.labels import LABELS


class Language(StrEnum):
    """The languages that a dossier is printed in."""

    ENGLISH = "en"
    KHMER = "km"


class PrintStatus(StrEnum):
    """Where the printing of a dossier stands."""

    WAITING = "waiting"
    PRINTING = "printing"
    READY = "ready"
    FAILED = "failed"


BREAK: Final = "\u200b"
"""Allows a line break where there is no space."""

LONGEST_RUN: Final = 16
"""Characters without a space after which a line may break: long names and fingerprints."""

_Cells = Sequence[str]


def breakable(text: str) -> str:
    """Allow breaks in long runs without a space; the typesetter knows Khmer words and needs no help there."""
    written: list[str] = []
    run = 0
    for sign in text:
        run = 0 if sign.isspace() or "\u1780" <= sign <= "\u17ff" else run + 1
        if run > LONGEST_RUN:
            written.append(BREAK)
            run = 1
        written.append(sign)
    return "".join(written)


class Pages:
    """Turns the content of a dossier (`dossiers.schemas.DossierContent` as JSON) into words and sections."""

    def __init__(self, content: Mapping[str, Any], language: Language) -> None:
        """Read from `content`, and write in `language`."""
        self._content = content
        self._language = language
        self._column = 0 if language is Language.ENGLISH else 1

    def set_out(self, *, sha256: str, photos: Sequence[tuple[str | None, str]]) -> dict[str, Any]:
        """The data for the template; `photos` are files in its folder with the ids of their papers."""
        content = self._content
        borrower = content["borrower"]
        names = [name for name in (borrower["full_name_khmer"], borrower["full_name_latin"]) if name]
        return {
            "language": self._language.value,
            "title": self._word("dossier"),
            "name": breakable(" – ".join(names)),
            "reference": f"{content['application']['id']}",
            "sha256": sha256,
            "sections": [
                self._pairs("application", content["application"], skip=("id",)),
                self._pairs("borrower", borrower),
                self._pairs("request", content["request"]),
                *self._table(
                    "parties",
                    ("role", "name", "id_number", "phone", "relation", "address"),
                    [self._party(party) for party in content["parties"]],
                    widths=(2, 4, 3, 3, 2, 4),
                ),
                *self._table(
                    "collateral",
                    ("kind", "description", "title_number", "owner_name", "value"),
                    [self._thing(thing) for thing in content["collateral"]],
                    widths=(2, 4, 3, 3, 3),
                    right=(4,),
                ),
                self._pairs("assessment", content["assessment"]),
                self._schedule(),
                *self._table(
                    "decisions",
                    ("at", "by", "stage", "decision", "terms", "remark"),
                    [self._decision(row) for row in content["decisions"]],
                    widths=(3, 3, 2, 3, 3, 4),
                    right=(4,),
                ),
                *self._table(
                    "conditions",
                    ("description", "standing"),
                    [
                        (row["text"], self._word("closed" if row["closed_at"] else "open"))
                        for row in content["conditions"]
                    ],
                    widths=(6, 2),
                ),
                *self._payments(),
                *self._table(
                    "checklist",
                    ("paper", "for_whom", "needed_before", "standing"),
                    [self._item(row) for row in content["checklist"]],
                    widths=(5, 4, 3, 3),
                ),
                *self._waivers(),
                *self._table(
                    "history",
                    ("at", "action", "from_to", "by", "remark"),
                    [self._move(row) for row in content["history"]],
                    widths=(3, 3, 3, 3, 5),
                ),
                *self._table(
                    "papers",
                    ("paper", "file", "at", "fingerprint"),
                    [self._paper(row) for row in content["papers"]],
                    widths=(4, 4, 3, 6),
                ),
                *self._photos(photos),
            ],
        }

    def _word(self, key: str) -> str:
        return WORDS[key][self._column]

    def _value(self, value: object, name: str = "") -> str:
        """Write a value the way people read it."""
        if value in _NOTHING:
            return "–"
        if isinstance(value, list):
            return ", ".join(self._value(each, name) for each in value)
        text = str(value)
        if name.endswith("_at") or name == "at":
            return f"{datetime.fromisoformat(text).astimezone(PHNOM_PENH):%Y-%m-%d %H:%M}"
        if name in _AMOUNTS:
            return f"{Decimal(text):,f}"
        for labels in (LABELS[key] for key in _ENUMERATED.get(name, ())):
            for member, words in labels.items():
                if member.value == text:
                    return words[self._column]
        return VALUES[text][self._column] if text in VALUES and name in _WORDED else breakable(text)

    def _pairs(self, key: str, values: Mapping[str, object], *, skip: Iterable[str] = ()) -> dict[str, Any]:
        rows = [
            (self._word(name), self._value(value, name))
            for name, value in values.items()
            if name not in skip and value not in _NOTHING
        ]
        return {"kind": "pairs", "title": self._word(key), "groups": [rows] if rows else [], **self._empty(rows)}

    def _table(
        self, key: str, head: _Cells, rows: Sequence[_Cells], *, widths: Sequence[int], right: Sequence[int] = ()
    ) -> list[dict[str, Any]]:
        if not rows:
            return [{"kind": "pairs", "title": self._word(key), "groups": [], **self._empty(rows)}]
        return [{"kind": "table", "title": self._word(key), **self._ruled(head, rows, widths=widths, right=right)}]

    def _ruled(
        self, head: _Cells, rows: Sequence[_Cells], *, widths: Sequence[int], right: Sequence[int]
    ) -> dict[str, Any]:
        return {
            "head": [self._word(name) for name in head],
            "rows": [list(row) for row in rows],
            "widths": list(widths),
            "align": ["right" if place in right else "left" for place in range(len(head))],
        }

    def _empty(self, rows: Sequence[object]) -> dict[str, str]:
        return {} if rows else {"note": self._word("nothing")}

    def _payments(self) -> list[dict[str, Any]]:
        """What was asked to be paid, each by itself; a dossier of before that stood in it says nothing of it."""
        payments = self._content.get("payments")
        if payments is None:
            return []
        groups = [
            [
                (self._word(name), self._value(value, name))
                for name, value in payment.items()
                if name != "id" and value not in _NOTHING
            ]
            for payment in payments
        ]
        return [{"kind": "pairs", "title": self._word("payments"), "groups": groups, **self._empty(groups)}]

    def _schedule(self) -> dict[str, Any]:
        schedule = self._content["schedule"]
        if schedule is None:
            why = self._content["schedule_refusal"] or ""
            note = f"{self._word('no_schedule')} {why}"
            return {"kind": "pairs", "title": self._word("schedule"), "groups": [], "note": note}
        columns = ("number", "due_on", "principal", "interest", "total", "balance")
        rows = [[self._value(row[name], name) for name in columns] for row in schedule["installments"]]
        # Fees are paid beside the installments, or within them: the last row is what its columns come to.
        sums = (sum(Decimal(str(row[name])) for row in schedule["installments"]) for name in columns[2:5])
        rows.append([self._word("total"), "", *(f"{amount:,f}" for amount in sums), ""])
        rates = ", ".join(f"{self._word(name)} {schedule[name]} %" for name in ("nominal_apr", "effective_apr"))
        costs = f"{self._word('fees')} {self._amount('fees')} · {self._word('in_all')} {self._amount('total')}"
        return {
            "kind": "schedule",
            "title": self._word("schedule"),
            "note": f"{self._content['request']['currency']} · {costs} · {rates}",
            "bars": [[float(row["principal"]), float(row["interest"])] for row in schedule["installments"]],
            "words": [self._word("principal"), self._word("interest")],
            **self._ruled(columns, rows, widths=(2, 4, 4, 4, 4, 4), right=(0, 2, 3, 4, 5)),
        }

    def _amount(self, name: str) -> str:
        return self._value(self._content["schedule"]["totals"][name], "total")

    def _party(self, party: Mapping[str, Any]) -> _Cells:
        names = [breakable(party[name]) for name in ("full_name_khmer", "full_name_latin") if party[name]]
        return (
            self._word(party["role"]),
            " – ".join(names) or "–",
            *(self._value(party[name], name) for name in ("id_number", "phone", "relation", "address")),
        )

    def _thing(self, thing: Mapping[str, Any]) -> _Cells:
        value = thing["value"]
        return (
            *(self._value(thing[name], name) for name in ("kind", "description", "title_number", "owner_name")),
            "–" if value is None else f"{thing['currency'] or ''} {self._value(value, 'value')}".strip(),
        )

    def _decision(self, row: Mapping[str, Any]) -> _Cells:
        said = self._value(row["decision"], "decision") + (f" ({self._word('void')})" if row["voided_at"] else "")
        remarks = [text for text in (row["reason"], row["comment"]) if text]
        return (
            self._value(row["at"], "at"),
            breakable(row["actor_name"] + self._absent(row)),
            breakable(row["stage"]),
            said,
            _terms(row),
            breakable(" · ".join(remarks)) or "–",
        )

    def _absent(self, row: Mapping[str, Any]) -> str:
        """For whom somebody stood in."""
        return f" ({self._word('on_behalf_of')} {row['on_behalf_of_name']})" if row["on_behalf_of_name"] else ""

    def _item(self, row: Mapping[str, Any]) -> _Cells:
        label = row["label"] if self._language is Language.ENGLISH else row["label_khmer"]
        count = f" (×{row['count']})" if row["count"] > 1 else ""
        return (
            breakable(f"{label}{count}"),
            self._value(row["subject_name"]),
            self._value(row["gate"], "gate"),
            self._value(row["status"], "status"),
        )

    def _waivers(self) -> list[dict[str, Any]]:
        """What was not asked for; a dossier of before that stood in it says nothing of it."""
        if not (waivers := self._content.get("waivers")):
            return []
        rows = [
            (
                breakable(" · ".join(filter(None, (row["rule"], row["subject_name"])))),
                self._value(row["granted_at"], "granted_at"),
                breakable(row["granted_by_name"]),
                breakable(row["ends_on"]),
                breakable(row["reason"] + self._ended(row)),
            )
            for row in waivers
        ]
        return self._table("waivers", ("paper", "at", "by", "until", "remark"), rows, widths=(3, 3, 3, 3, 5))

    def _ended(self, row: Mapping[str, Any]) -> str:
        if not row["ended_at"]:
            return ""
        return f" · {self._word('ended')} {self._value(row['ended_at'], 'ended_at')}, {row['ended_by_name']}"

    def _move(self, row: Mapping[str, Any]) -> _Cells:
        remarks = [text for text in (row["reason"], row["comment"]) if text]
        return (
            self._value(row["at"], "at"),
            self._value(row["action"], "action"),
            self._value(row["target"], "stage"),
            breakable((row["actor_name"] or self._word("house")) + self._absent(row)),
            breakable(" · ".join(remarks)) or "–",
        )

    def _paper(self, row: Mapping[str, Any]) -> _Cells:
        label = row["label"] if self._language is Language.ENGLISH else row["label_khmer"]
        return (
            breakable(label or row["document_type"] or "–"),
            breakable(row["name"]),
            self._value(row["uploaded_at"], "uploaded_at"),
            breakable(row["sha256"]),
        )

    def _photos(self, photos: Sequence[tuple[str | None, str]]) -> list[dict[str, Any]]:
        if not photos:
            return []
        papers = {row["file_id"]: row for row in self._content["papers"]}
        return [
            {
                "kind": "photos",
                "title": self._word("photos"),
                "photos": [
                    {"file": file, "caption": " · ".join(self._paper(papers[file_id])[:2])} for file, file_id in photos
                ],
            }
        ]


def _terms(decision: Mapping[str, Any]) -> str:
    """Write down what somebody said yes or no to; dossiers of before decisions said it name no currency."""
    amount, months, rate = decision["amount"], decision["term"], decision["interest_rate"]
    said = (
        amount and f"{Decimal(amount):,f} {decision.get('currency', '')}".strip(),
        months and str(months),
        rate and f"{Decimal(rate).normalize():f} %",
    )
    return " · ".join(filter(None, said)) or "–"


_NOTHING: Final[tuple[object, ...]] = (None, "", [])
_AMOUNTS: Final = frozenset(
    {
        "monthly_income", "monthly_expenses", "assets_value", "requested_amount", "recommended_amount",
        "approved_amount", "value", "principal", "interest", "total", "balance", "deducted_fees", "amount",
    }
)  # fmt: skip
_ENUMERATED: Final[Mapping[str, Sequence[str]]] = {
    "stage": ("workflow-statuses",),
    "sex": ("sexes",),
    "marital_status": ("marital-statuses",),
    "id_card_type": ("id-card-types",),
    "product": ("product-types",),
    "loan_purposes": ("loan-purposes",),
    "risk": ("risk-categories",),
}
_WORDED: Final = frozenset(
    {"status", "gate", "action", "decision", "verdict", "recommendation", "risk", "outdated", "connector"}
)
