"""The rows' base, their column types, the engine, and the two ways to send it a statement.

The ordinary way is SQLAlchemy's session. What is asked all day long is `Written` instead (`written.py`, decision 33):
compiled once, and sent on the session's own connection past SQLAlchemy's execution. A statement becomes one where the
bench shows that it counts.

Either way a session reads without a transaction until a verb begins one (`reading.py`, decision 27). `only_reads` and
`begins_to_write` are the switch: guards and `Service.transaction` turn it, and seldom anybody else.
"""
