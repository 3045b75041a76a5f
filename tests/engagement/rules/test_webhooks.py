"""What other systems are told, and how long that is tried."""

from datetime import timedelta

from lc_workflow.engagement.rules.webhooks import LONGEST_REST, MOST_ATTEMPTS, TOLD, rest_after, told_of


def test_nothing_that_somebody_wrote_freely_and_nobody_who_acted_is_told() -> None:
    facts = {
        "actor_id": "7",
        "action": "return",
        "reason": "Her brother is ill.",
        "target": "returned",
        "drafted_by": "9",
    }
    assert told_of("ApplicationMoved", facts) == {"action": "return", "target": "returned"}
    for names in TOLD.values():
        assert not names & {"reason", "comment", "actor_id", "drafted_by", "customer_id", "reference"}


def test_other_systems_are_told_these_facts_and_no_others() -> None:
    told = {kind: " ".join(sorted(names)) for kind, names in TOLD.items()}
    assert told == {
        "ApplicationDrafted": "",
        "ApplicationChanged": "fields",
        "ApplicationRemoved": "",
        "ApplicationMoved": "action branch_id source target",
        "DisbursementRequested": "amount currency deducted_fees principal request_id",
        "DisbursementHandedOver": "request_id",
        "DisbursementConfirmed": "request_id",
        "DisbursementFailed": "request_id",
    }


def test_the_rests_grow_and_end() -> None:
    assert (10, timedelta(hours=3)) == (MOST_ATTEMPTS, LONGEST_REST)
    rests = [rest_after(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    assert rests[:3] == [timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=4)]
    assert rests[-1] == LONGEST_REST
    assert rest_after(MOST_ATTEMPTS) is None
