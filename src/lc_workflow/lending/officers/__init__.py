"""Officers: names written on applications as text are turned into assignments of employees."""
