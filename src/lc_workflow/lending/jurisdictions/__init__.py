"""Jurisdictions: what the law of the place allows, as dated data that a compliance officer confirms."""
