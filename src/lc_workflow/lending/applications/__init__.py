"""Applications: who wants to borrow what, as the officer wrote it down."""
