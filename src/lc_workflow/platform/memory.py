"""How often Python looks for circles among the objects of a process."""

import gc

OFTEN = 50_000
"""New objects after which it looks; by itself Python looks after 700, which is made for small programs."""


def settle() -> None:
    """Leave what stands by now out of every later search, and search seldom.

    An application is 400,000 objects that stay until its end. Looking through them again and again took an eighth of
    the processor time of a request; circles are rare, and nearly all that a request leaves goes without any search.
    """
    gc.freeze()
    gc.set_threshold(OFTEN, 20, 50)
    gc.enable()
