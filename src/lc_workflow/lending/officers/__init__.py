"""Officers: names that were written on applications as text become assignments of employees."""
