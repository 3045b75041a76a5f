"""The audit trail: what the journal holds, searched, exported and verified."""
