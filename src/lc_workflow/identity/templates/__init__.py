"""Templates: sets of rights under a name, given to a role or a person in one go."""
