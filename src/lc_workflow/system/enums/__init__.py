"""Enumerations: the choices that forms offer, in English and Khmer."""
