"""Makes 2,000 changes while the process is killed every few seconds, and sees that everybody heard of each, once."""

import sys
import time

from bench.installation import folder
from tests.faults.test_told import tell

CHANGES = 2_000
KILLS = 10


def main() -> int:
    """Do it once; ends with 1 when somebody was not told, or twice."""
    began = time.perf_counter()
    try:
        with folder() as place:
            told = tell(place, changes=CHANGES, kills=KILLS)
    except AssertionError as fault:
        print(f"not everybody was told once: {fault}"[:2_000])
        return 1
    print(f"{CHANGES} changes, {KILLS} kills, {told} facts told once each, {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
