"""The register: all accounts as one list, taken in and given out as CSV."""
