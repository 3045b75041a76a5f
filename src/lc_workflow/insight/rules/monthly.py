"""The printed form of a monthly branch report, in English or in Khmer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.lending.rules.dossier import Language, breakable
from lc_workflow.lending.rules.labels import LABELS

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "report": ("Monthly report of the branch", "របាយការណ៍ប្រចាំខែរបស់សាខា"),
    "nothing": ("Nothing in this month.", "គ្មានទិន្នន័យក្នុងខែនេះទេ។"),
    "made_at": ("Made on", "រៀបចំនៅ"),
    "drafted": ("Applications drafted", "ពាក្យស្នើសុំបានរៀបចំ"),
    "approved": ("Loans approved", "កម្ចីបានអនុម័ត"),
    "khr_percent_of_loans": ("In riel, percent of loans", "កម្ចីជាប្រាក់រៀល ភាគរយនៃចំនួនកម្ចី"),
    "khr_percent_of_amount": ("In riel, percent of amounts", "កម្ចីជាប្រាក់រៀល ភាគរយនៃទឹកប្រាក់"),
    "states": ("Applications by state", "ពាក្យស្នើសុំតាមស្ថានភាព"),
    "states_note": (
        "Drafted in the month; where they stand now.",
        "ពាក្យដែលបានរៀបចំក្នុងខែ និងស្ថានភាពបច្ចុប្បន្ន។",
    ),
    "funnel": ("How far applications came", "ដំណាក់កាលដែលពាក្យស្នើសុំបានឈានដល់"),
    "funnel_note": (
        "Of those drafted in the month, each counted once at each stage.",
        "ក្នុងចំណោមពាក្យដែលបានរៀបចំក្នុងខែ ពាក្យនីមួយៗរាប់តែម្តងក្នុងដំណាក់កាលនីមួយៗ។",
    ),
    "turnaround": ("How long applications stood", "រយៈពេលនៅដំណាក់កាលនីមួយៗ"),
    "turnaround_note": (
        "Hours at a stage that was left in the month: half took no longer, nine of ten took no longer.",
        "ចំនួនម៉ោងនៅដំណាក់កាលដែលបានចាកចេញក្នុងខែ៖ ពាក់កណ្តាល និងប្រាំបួនភាគដប់ មិនលើសពីចំនួននេះ។",
    ),
    "returns": ("Returns and their reasons", "ការបញ្ជូនត្រឡប់ និងមូលហេតុ"),
    "returns_note": ("Returned for correction in the month.", "ពាក្យដែលបានបញ្ជូនត្រឡប់ឱ្យកែក្នុងខែ។"),
    "exceptions": ("Exceptions by approver", "ករណីលើកលែងតាមអ្នកអនុម័ត"),
    "exceptions_note": (
        "Approvals given in the month, and those against a policy.",
        "ការអនុម័តក្នុងខែ និងការអនុម័តដែលខុសពីគោលការណ៍។",
    ),
    "currencies": ("Loans by currency", "កម្ចីតាមរូបិយប័ណ្ណ"),
    "currencies_note": ("Approved in the month.", "កម្ចីដែលបានអនុម័តក្នុងខែ។"),
    "disbursed": ("Paid out", "ទឹកប្រាក់បានបើក"),
    "disbursed_note": (
        "Confirmed in the month. Fees that are kept back are in the principal, and not in the amount.",
        "ការបើកប្រាក់ដែលបានបញ្ជាក់ក្នុងខែ។ កម្រៃសេវាដែលបានកាត់ទុក ស្ថិតក្នុងប្រាក់ដើម មិនមែនក្នុងទឹកប្រាក់បានបើកទេ។",
    ),
    "sla": ("Deadlines kept", "ការគោរពកាលកំណត់"),
    "sla_note": ("Tasks with a deadline that were closed in the month.", "ភារកិច្ចមានកាលកំណត់ដែលបានបិទក្នុងខែ។"),
    "stage": ("Stage", "ដំណាក់កាល"),
    "applications": ("Applications", "ពាក្យស្នើសុំ"),
    "percent": ("Percent", "ភាគរយ"),
    "percent_of_drafted": ("Percent of drafted", "ភាគរយនៃពាក្យបានរៀបចំ"),
    "left": ("Left it", "បានចាកចេញ"),
    "hours_p50": ("Hours, half", "ម៉ោង ពាក់កណ្តាល"),
    "hours_p90": ("Hours, nine of ten", "ម៉ោង ប្រាំបួនភាគដប់"),
    "hours_most": ("Hours, longest", "ម៉ោង យូរបំផុត"),
    "reason": ("Reason", "មូលហេតុ"),
    "returns_count": ("Returns", "ចំនួនបញ្ជូនត្រឡប់"),
    "approver": ("Approver", "អ្នកអនុម័ត"),
    "approvals": ("Approvals", "ការអនុម័ត"),
    "exceptions_count": ("Exceptions", "ករណីលើកលែង"),
    "currency": ("Currency", "រូបិយប័ណ្ណ"),
    "loans": ("Loans", "កម្ចី"),
    "percent_of_loans": ("Percent of loans", "ភាគរយនៃកម្ចី"),
    "amount": ("Amount", "ទឹកប្រាក់"),
    "principal": ("Principal", "ប្រាក់ដើម"),
    "amount_in_usd": ("Amount in USD", "ទឹកប្រាក់ជាដុល្លារ"),
    "percent_of_amount": ("Percent of amount", "ភាគរយនៃទឹកប្រាក់"),
    "closed": ("Closed", "បានបិទ"),
    "in_time": ("In time", "ទាន់ពេល"),
    "late": ("Late", "យឺត"),
    "percent_in_time": ("Percent in time", "ភាគរយទាន់ពេល"),
}
"""The words of a printed report in English and in Khmer; a column named like its table has the suffix `_count`."""

CHARTS: Final[Mapping[str, tuple[str, str]]] = {
    "funnel": ("stage", "applications"),
    "turnaround": ("stage", "hours_p90"),
    "returns": ("reason", "returns"),
    "sla": ("stage", "percent_in_time"),
}
"""The chart under each table: the columns with the names and the numbers of its bars."""

_WIDE: Final = frozenset({"stage", "reason", "approver"})
_WORDED: Final = frozenset({*_WIDE, "currency"})


MOST_BARS: Final = 12
"""Further bars are only in the table."""


def pages_of(report: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Turn a report (`reports.schemas.MonthlyReport` as JSON) into words; return the data for the template."""
    column = 0 if language is Language.ENGLISH else 1

    def word(key: str) -> str:
        return WORDS[key][column]

    def value(name: str, found: object) -> str:
        if name == "stage":
            return next(
                (words[column] for stage, words in LABELS["workflow-statuses"].items() if stage.value == found),
                str(found),
            )
        return breakable(str(found)) if name in _WORDED else f"{Decimal(str(found or 0)):,f}"

    def bars(name: str, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, float]]:
        """The names and numbers to draw, each with its fraction of the longest bar; none where all are zero."""
        label, drawn = CHARTS[name]
        most = max((float(row[drawn] or 0) for row in rows), default=0)
        return [
            (value(label, row[label]), value(drawn, row[drawn]), float(row[drawn] or 0) / most)
            for row in rows[:MOST_BARS]
            if most
        ]

    sections: list[dict[str, Any]] = []
    for name, table in report["tables"].items():
        columns: Sequence[str] = table["columns"]
        rows: Sequence[Mapping[str, Any]] = table["rows"]
        sections.append(
            {
                "title": word(name),
                "note": word(f"{name}_note") if rows else word("nothing"),
                "head": [word(f"{each}_count" if each == name else each) for each in columns],
                "rows": [[value(each, row[each]) for each in columns] for row in rows],
                "widths": [5 if each in _WIDE else 2 for each in columns],
                "align": ["left" if each in _WORDED else "right" for each in columns],
                "bars": bars(name, rows) if name in CHARTS else [],
            }
        )
    made = datetime.fromisoformat(report["made_at"]).astimezone(PHNOM_PENH)
    funnel, loans = report["tables"]["funnel"]["rows"], report["tables"]["currencies"]["rows"]
    heads = [
        (word("drafted"), f"{funnel[0]['applications']:,}"),
        (word("approved"), f"{sum(row['loans'] for row in loans):,}"),
        *((word(key), f"{report[key]} %") for key in ("khr_percent_of_loans", "khr_percent_of_amount")),
        *(
            (f"{word('disbursed')} ({row['currency']})", f"{Decimal(str(row['amount'])):,f}")
            for row in report["tables"]["disbursed"]["rows"]
        ),
    ]
    return {
        "language": language.value,
        "title": word("report"),
        "name": f"{report['branch']} · {report['month']}",
        "short": f"{report['branch_code']} · {report['month']}",
        "reference": f"{report['date_from']} – {report['date_to']} · {word('made_at')} {made:%Y-%m-%d %H:%M}",
        "sha256": report["sha256"],
        "heads": heads,
        "sections": sections,
    }
