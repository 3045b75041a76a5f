"""A printed dossier says what was judged in words of its reader."""

import pytest

from lc_workflow.lending.rules.affordability import AffordabilityVerdict
from lc_workflow.lending.rules.dossier import VALUES
from lc_workflow.lending.rules.scoring import Recommendation


@pytest.mark.parametrize("judged", sorted({*map(str, AffordabilityVerdict), *map(str, Recommendation)}))
def test_each_judgement_has_words_in_both_languages(judged: str) -> None:
    english, khmer = VALUES[judged]
    assert english.islower()
    assert any("\u1780" <= sign <= "\u17ff" for sign in khmer)
