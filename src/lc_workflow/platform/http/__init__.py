"""What every request and every answer passes: ids, refusals, bodies, numbers, pages, documentation."""
