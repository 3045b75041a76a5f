"""How an approved loan is handed over to whatever pays it out."""
