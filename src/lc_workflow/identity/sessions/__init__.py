"""Sessions: signing in, staying signed in, and ending it."""
