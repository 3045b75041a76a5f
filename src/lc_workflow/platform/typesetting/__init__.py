"""Typesetting: PDFs in English and Khmer, with fonts of our own, in a process of its own."""
