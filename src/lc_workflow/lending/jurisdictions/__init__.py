"""Jurisdictions: what the local law allows, as dated profiles that a compliance officer confirms."""
