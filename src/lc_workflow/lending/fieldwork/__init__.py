"""Work without a network: what an officer did in a village arrives in one go, and what changed meanwhile goes back."""
